<?php
// The one place of SimpleSAMLphp that differs from the package: where its files are, who has an account, who may ask.
// FOLDER and PORT are put in by the test.
$attributes = fn(string $user) => [
    'uid' => [$user],
    'mail' => ["$user@example.test"],
    'groups' => array_filter(explode("\n", trim(file_get_contents("FOLDER/$user.groups")))),
];
$people = array_map(fn($path) => basename($path, '.groups'), glob('FOLDER/*.groups'));
$accounts = ['exampleauth:UserPass'];
foreach ($people as $user) {
    $accounts["$user:$user-pw"] = $attributes($user);
}
$provider = [
    'host' => '__DEFAULT__', 'privatekey' => 'idp.key', 'certificate' => 'idp.crt', 'auth' => 'people',
    'attributes.NameFormat' => 'urn:oasis:names:tc:SAML:2.0:attrname-format:uri',
    'saml20.sign.response' => true, 'saml20.sign.assertion' => getenv('SIGN') !== 'response',
    'NameIDFormat' => 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent',
    'authproc' => [3 => ['class' => 'saml:AttributeNameID', 'attribute' => 'uid',
        'Format' => 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent']],
];
$us = [
    'AssertionConsumerService' => 'ACS',
    'NameIDFormat' => 'urn:oasis:names:tc:SAML:2.0:nameid-format:persistent',
    'assertion.encryption' => getenv('ENCRYPT') !== false,
    'sharedkey_algorithm' => getenv('ENCRYPT') ?: 'http://www.w3.org/2001/04/xmlenc#aes128-cbc',
    'certData' => preg_replace('/-----[^-]+-----|\s/', '', @file_get_contents('FOLDER/sp.crt') ?: ''),
];
if (basename(__FILE__) === 'config.php') {
    require '/usr/share/simplesamlphp/config/config.php';
    $config = array_merge($config, [
        'baseurlpath' => 'http://127.0.0.1:PORT/simplesaml/', 'certdir' => 'FOLDER/', 'loggingdir' => 'FOLDER/',
        'datadir' => 'FOLDER/', 'tempdir' => 'FOLDER/tmp', 'metadatadir' => 'FOLDER/',
        'metadata.sources' => [['type' => 'flatfile', 'directory' => 'FOLDER/']], 'secretsalt' => 'salt-of-a-test',
        'auth.adminpassword' => 'admin-pw', 'technicalcontact_email' => 'x@example.test', 'timezone' => 'UTC',
        'enable.saml20-idp' => true, 'store.type' => 'sql', 'store.sql.dsn' => 'sqlite:FOLDER/store.sq3',
        'logging.handler' => 'file', 'session.cookie.secure' => false, 'session.phpsession.savepath' => null,
        'module.enable' => ['exampleauth' => true, 'core' => true, 'saml' => true],
    ]);
} elseif (basename(__FILE__) === 'authsources.php') {
    $config = ['people' => $accounts];
} elseif (basename(__FILE__) === 'saml20-idp-hosted.php') {
    $metadata['urn:example:simplesamlphp'] = $provider;
} elseif (basename(__FILE__) === 'saml20-sp-remote.php') {
    $metadata['ENTITY'] = $us;
} else {
    // The router of PHP's own web server: what is asked for lies in the package, with the rest of the path behind it.
    $path = preg_replace('#^/simplesaml#', '', parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH)) ?: '/index.php';
    $root = '/usr/share/simplesamlphp/www';
    if (preg_match('#^(/.*?\.php)(/.*)?$#', $path, $parts) && is_file($root . $parts[1])) {
        $_SERVER['SCRIPT_NAME'] = '/simplesaml' . $parts[1];
        $_SERVER['PHP_SELF'] = '/simplesaml' . $path;
        $_SERVER['SCRIPT_FILENAME'] = $root . $parts[1];
        unset($_SERVER['PATH_INFO']);
        if (isset($parts[2])) {
            $_SERVER['PATH_INFO'] = $parts[2];
        }
        chdir(dirname($root . $parts[1]));
        require $root . $parts[1];
        return true;
    }
    http_response_code(404);
}
