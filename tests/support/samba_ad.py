#!/usr/bin/python3
"""Makes the Samba domain that tests/support/samba.rs starts. Debian's python3-samba is built for /usr/bin/python3 alone.

  samba_ad.py provision TREE        an empty domain and a small company in it; TREE/smb.conf is there already
  samba_ad.py behind TREE COMMAND…  inside a network namespace: starts COMMAND, and opens its ports as sockets of TREE,
                                    which are seen from outside
"""
import fcntl
import os
import socket
import struct
import subprocess
import sys
import threading

REALM, NETBIOS, HOST = "CORP.EXAMPLE.TEST", "CORP", "dc1"
BASE = "DC=corp,DC=example,DC=test"
SID = "S-1-5-21-1111111111-2222222222-3333333333"
PEOPLE, GROUPS, SERVICE = f"OU=People,{BASE}", f"OU=Groups,{BASE}", f"OU=Service,{BASE}"
PASSWORD = '"Passw0rd.svc"'.encode("utf-16-le")
IN_2020 = "132223104000000000"  # FILETIME
CROWD = 1600  # more than the 1,500 values that Active Directory hands out at once (MaxValRange)

# userAccountControl (MS-ADTS 2.2.16)
NORMAL, DISABLED, NO_PASSWORD, NEVER_EXPIRES, WORKSTATION = 0x200, 0x2, 0x20, 0x10000, 0x1000
GLOBAL, DOMAIN_LOCAL, UNIVERSAL, SECURITY = 2, 4, 8, -0x80000000


def provision(tree):
    import logging
    from samba.auth import system_session
    from samba.dcerpc import security
    from samba.param import LoadParm
    from samba.provision import provision as new_domain
    logger = logging.getLogger("provision")
    logger.setLevel(logging.ERROR)
    path = f"{tree}/smb.conf"
    with open(path) as file:
        written = file.read()
    configuration = LoadParm()
    configuration.load(path)
    new_domain(logger, system_session(), smbconf=path, realm=REALM, domain=NETBIOS, domainsid=security.dom_sid(SID), hostname=HOST,
               hostip="127.0.53.1", hostip6=None, adminpass="Passw0rd.Admin", krbtgtpass="Krbtgt.0secret", machinepass="Machine.0secret",
               serverrole="active directory domain controller", dns_backend="NONE", dom_for_fun_level=4, useeadb=False, use_ntvfs=False,
               skip_sysvolacl=True, lp=configuration, backend_store="tdb", batch_mode=True)
    with open(path, "w") as file:
        file.write(written)  # provisioning rewrites it
    db = open_database(path)
    db.transaction_start()
    Company(db).found()
    db.transaction_commit()
    for account in ("svc-reader", "svc-dirsync"):
        subprocess.run(["samba-tool", "domain", "exportkeytab", "-s", path, f"{tree}/{account}.keytab", f"--principal={account}@{REALM}"],
                       check=True, stdout=subprocess.DEVNULL)


def open_database(path):
    from samba.auth import system_session
    from samba.credentials import Credentials
    from samba.param import LoadParm
    from samba.samdb import SamDB
    configuration = LoadParm()
    configuration.load(path)
    credentials = Credentials()
    credentials.guess(configuration)
    # One large transaction, as Samba's own provisioning makes it: thousands of entries in a second.
    options = ["batch_mode:1", "transaction_index_cache_size:200003", "nosync:true"]
    return SamDB(url=f"{os.path.dirname(path)}/private/sam.ldb", session_info=system_session(), credentials=credentials, lp=configuration,
                 options=options)


class Company:
    """Everybody whom an Active Directory knows: those who come and go, those who are locked out, and those who are no people."""

    def __init__(self, db):
        self.db = db

    def found(self):
        for unit in (PEOPLE, GROUPS, SERVICE, f"OU=Elsewhere,{BASE}", f"OU=Hidden,{BASE}", f"OU=Old,{GROUPS}"):
            self.db.add({"dn": unit, "objectClass": "organizationalUnit"})
        self.people()
        self.no_people()
        self.services()
        self.groups()
        self.rights()

    def person(self, name, control=NORMAL | NO_PASSWORD, unit=PEOPLE, **more):
        entry = {"dn": f"CN={name},{unit}", "objectClass": "user", "sAMAccountName": name, "displayName": f"The {name}",
                 "userPrincipalName": f"{name}@corp.example.test", "mail": f"{name}@example.test", "userAccountControl": str(control)}
        entry.update(more)
        self.db.add({key: value for key, value in entry.items() if value is not None})

    def group(self, name, members=(), unit=GROUPS, kind=GLOBAL | SECURITY, account=None):
        entry = {"dn": f"CN={name},{unit}", "objectClass": "group", "sAMAccountName": account or name, "groupType": str(kind)}
        if members:
            entry["member"] = [member if "=" in member else f"CN={member},{PEOPLE}" for member in members]
        self.db.add(entry)

    def modify(self, dn, attribute, value):
        self.db.modify_ldif(f"dn: {dn}\nchangetype: modify\nreplace: {attribute}\n{attribute}: {value}\n")

    def people(self):
        for name in ("ada", "bob", "cyd", "dan", "eve"):
            self.person(name)
        self.person("zoe", mail=None, proxyAddresses=["smtp:z.old@example.test", "SMTP:zoe@example.test", "X400:c=DE;s=zoe"])
        self.person("off", NORMAL | NO_PASSWORD | DISABLED)
        self.person("past", accountExpires=IN_2020)
        self.person("locked", NORMAL, unicodePwd=PASSWORD)
        self.person("must", pwdLastSet="0")
        self.person("prim")
        self.person("away", unit=f"OU=Elsewhere,{BASE}")
        self.person("hid", unit=f"OU=Hidden,{BASE}")
        self.person("veil")
        self.person("odd", dn=f"CN=Müller\\, Jörg \\+1 (x)*,{PEOPLE}")
        for number in range(CROWD):
            self.person(f"p{number:06}", mail=None)

    def no_people(self):
        self.db.add({"dn": f"CN=robot,CN=Computers,{BASE}", "objectClass": "computer", "sAMAccountName": "robot$",
                     "userAccountControl": str(WORKSTATION)})
        for name, kind in (("gmsa", "msDS-GroupManagedServiceAccount"), ("smsa", "msDS-ManagedServiceAccount")):
            entry = {"dn": f"CN={name},CN=Managed Service Accounts,{BASE}", "objectClass": kind, "sAMAccountName": f"{name}$",
                     "userAccountControl": str(WORKSTATION)}
            if name == "gmsa":
                entry["msDS-ManagedPasswordInterval"] = "30"
            self.db.add(entry)
        self.db.add({"dn": f"CN=contact,{PEOPLE}", "objectClass": "contact", "displayName": "The contact", "mail": "contact@partner.test"})

    def services(self):
        """The accounts that seatsync binds as; the password of each is that of PASSWORD."""
        for name, control in (("svc-reader", NORMAL | NEVER_EXPIRES), ("svc-dirsync", NORMAL | NEVER_EXPIRES), ("svc-expired", NORMAL),
                              ("svc-disabled", NORMAL | DISABLED), ("svc-mustchange", NORMAL), ("svc-acctexp", NORMAL | NEVER_EXPIRES),
                              ("svc-lock", NORMAL | NEVER_EXPIRES)):
            expires = IN_2020 if name == "svc-acctexp" else None
            self.person(name, control, SERVICE, mail=None, unicodePwd=PASSWORD, accountExpires=expires)
        self.modify(f"CN=svc-mustchange,{SERVICE}", "pwdLastSet", "0")
        self.expire_password(f"CN=svc-expired,{SERVICE}")
        # Three wrong passwords lock these two for an hour.
        self.db.add({"dn": f"CN=strict,CN=Password Settings Container,CN=System,{BASE}", "objectClass": "msDS-PasswordSettings",
                     "msDS-PasswordSettingsPrecedence": "2", "msDS-PasswordReversibleEncryptionEnabled": "FALSE",
                     "msDS-PasswordHistoryLength": "0", "msDS-PasswordComplexityEnabled": "FALSE", "msDS-MinimumPasswordLength": "0",
                     "msDS-MinimumPasswordAge": "0", "msDS-MaximumPasswordAge": "-9223372036854775808", "msDS-LockoutThreshold": "3",
                     "msDS-LockoutObservationWindow": "-36000000000", "msDS-LockoutDuration": "-36000000000",
                     "msDS-PSOAppliesTo": [f"CN=svc-lock,{SERVICE}", f"CN=locked,{PEOPLE}"]})
        # samba_spnupdate would register these; without them there is no Kerberos ticket for the directory.
        names = (f"{HOST}.{REALM.lower()}", f"{HOST}.{REALM.lower()}/{REALM.lower()}", HOST.upper(), "localhost", "127.0.0.1")
        lines = "".join(f"servicePrincipalName: ldap/{name}\n" for name in names)
        self.db.modify_ldif(f"dn: CN={HOST.upper()},OU=Domain Controllers,{BASE}\nchangetype: modify\nadd: servicePrincipalName\n{lines}")

    def expire_password(self, dn):
        import ldb
        # Over the network `pwdLastSet` takes 0 and -1 alone; this is Samba's own control to set a date.
        message = ldb.Message(ldb.Dn(self.db, dn))
        message["pwdLastSet"] = ldb.MessageElement("129067128000000000", ldb.FLAG_MOD_REPLACE, "pwdLastSet")
        self.db.modify(message, ["local_oid:1.3.6.1.4.1.7165.4.3.20:0"])

    def groups(self):
        import ldb
        self.group("loop", ["dan"])
        self.group("inner", ["cyd", f"CN=loop,{GROUPS}"])
        self.group("platform", ["ada", "bob", f"CN=inner,{GROUPS}"])
        self.db.modify_ldif(f"dn: CN=loop,{GROUPS}\nchangetype: modify\nadd: member\nmember: CN=platform,{GROUPS}\n")
        self.group("everyone", [f"p{number:06}" for number in range(CROWD)])
        self.group("empty")
        self.group("hollow", [f"CN=hid,OU=Hidden,{BASE}", "ada"])
        self.group("closed", ["ada", "bob"])
        self.group("veiled", ["ada", "veil"])
        self.group("odd names", [f"CN=Müller\\, Jörg \\+1 (x)*,{PEOPLE}"])
        self.group("abroad", [f"CN=away,OU=Elsewhere,{BASE}", "ada"])
        self.group("twin", ["ada"])
        self.group("twin", ["bob"], unit=f"OU=Old,{GROUPS}", account="twin-old")
        machines = [f"CN=robot,CN=Computers,{BASE}"] + [f"CN={name},CN=Managed Service Accounts,{BASE}" for name in ("gmsa", "smsa")]
        strangers = [f"<SID=S-1-5-21-9-9-9-{number}>" for number in (1104, 1105)]
        self.group("mixed", ["ada", "zoe", "off", "past", "locked", "must", f"CN=contact,{PEOPLE}", *machines], kind=DOMAIN_LOCAL | SECURITY)
        self.group("partners", ["ada", *strangers], kind=DOMAIN_LOCAL | SECURITY)
        # A person's primary group does not list them; the one they had before does from then on.
        self.group("primaries", ["eve", "prim"])
        token = self.db.search(f"CN=primaries,{GROUPS}", scope=ldb.SCOPE_BASE, attrs=["primaryGroupToken"])[0]["primaryGroupToken"]
        self.modify(f"CN=prim,{PEOPLE}", "primaryGroupID", token)

    def rights(self):
        """What the accounts may and may not see, beyond what everybody may."""
        reader, dirsync = self.sid(f"CN=svc-reader,{SERVICE}"), self.sid(f"CN=svc-dirsync,{SERVICE}")
        member = "bf9679c0-0de6-11d0-a285-00aa003049e2"
        control = "bf967a68-0de6-11d0-a285-00aa003049e2"  # userAccountControl
        restrictions = "4c164200-20c0-11d0-a768-00aa006e0529"  # the property set that holds it
        changes = "1131f6aa-9c07-11d1-f79f-00c04fc2dcd2"  # DS-Replication-Get-Changes
        self.grant(f"OU=Hidden,{BASE}", f"(D;CI;LCRPLORC;;;{reader})")
        self.grant(f"CN=closed,{GROUPS}", f"(OD;;RP;{member};;{reader})")
        for hidden in (control, restrictions):
            self.grant(f"CN=veil,{PEOPLE}", f"(OD;;RP;{hidden};;{reader})")
        self.grant(BASE, f"(OA;;CR;{changes};;{dirsync})")
        # Samba shows tombstones only to whom the container itself is open, whatever else they may do.
        self.grant(f"CN=Deleted Objects,{BASE}", f"(A;CI;LCRPLORC;;;{dirsync})")

    def sid(self, dn):
        import ldb
        from samba.dcerpc import security
        from samba.ndr import ndr_unpack
        found = self.db.search(dn, scope=ldb.SCOPE_BASE, attrs=["objectSid"])
        return str(ndr_unpack(security.dom_sid, found[0]["objectSid"][0]))

    def grant(self, dn, entry):
        import ldb
        from samba.dcerpc import security
        from samba.ndr import ndr_pack, ndr_unpack
        domain, controls = security.dom_sid(SID), ["show_deleted:1", "sd_flags:1:4"]
        held = self.db.search(dn, scope=ldb.SCOPE_BASE, attrs=["nTSecurityDescriptor"], controls=controls)[0]["nTSecurityDescriptor"][0]
        text = ndr_unpack(security.descriptor, held).as_sddl(domain)
        first = text.index("(", text.index("D:"))
        wanted = ndr_pack(security.descriptor.from_sddl(text[:first] + entry + text[first:], domain))
        message = ldb.Message(ldb.Dn(self.db, dn))
        message["nTSecurityDescriptor"] = ldb.MessageElement(wanted, ldb.FLAG_MOD_REPLACE, "nTSecurityDescriptor")
        self.db.modify(message, controls)


def behind(tree, address, command):
    raise_loopback()
    for port in (389, 636, 88):
        door = socket.socket(socket.AF_UNIX)
        door.bind(f"{tree}/{port}.sock")
        door.listen(64)
        threading.Thread(target=admit, args=(door, (address, port)), daemon=True).start()
    sys.exit(subprocess.run(command).returncode)


def raise_loopback():
    """`ip link set lo up`, by SIOCGIFFLAGS and SIOCSIFFLAGS (netdevice(7))."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        flags = struct.unpack("16sH14x", fcntl.ioctl(any_socket, 0x8913, struct.pack("16sH14x", b"lo", 0)))[1]
        fcntl.ioctl(any_socket, 0x8914, struct.pack("16sH14x", b"lo", flags | 1))


def admit(door, inside):
    while True:
        outer, _ = door.accept()
        try:
            inner = socket.create_connection(inside)
        except OSError:
            outer.close()
            continue
        for way in ((outer, inner), (inner, outer)):
            threading.Thread(target=pump, args=way, daemon=True).start()


def pump(source, sink):
    try:
        while data := source.recv(1 << 16):
            sink.sendall(data)
    except OSError:
        pass
    for end in (source, sink):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


if __name__ == "__main__":
    if sys.argv[1] == "provision":
        provision(sys.argv[2])
    else:
        behind(sys.argv[2], sys.argv[3], sys.argv[4:])
