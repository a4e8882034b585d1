// A SCIM service provider in memory, on SCIMMY. Its GET requests ignore startIndex and count, which reach it as text,
// unless FIX_PAGING is 1: by itself every page of it is the first one.
import express from "express";
import SCIMMY from "scimmy";
import { SCIMMYRouters } from "scimmy-routers";
import crypto from "node:crypto";

SCIMMY.Resources.User.extend(SCIMMY.Schemas.EnterpriseUser, false);

const shelves = { Users: new Map(), Groups: new Map() };
const missing = (id) => new SCIMMY.Types.Error(404, null, `Resource ${id} not found`);
for (const [Resource, name] of [[SCIMMY.Resources.User, "Users"], [SCIMMY.Resources.Group, "Groups"]]) {
    const shelf = shelves[name];
    SCIMMY.Resources.declare(Resource)
        .ingress((resource, instance) => {
            const id = resource.id ?? crypto.randomUUID();
            if (resource.id && !shelf.has(id)) throw missing(id);
            const now = new Date().toISOString();
            const meta = { ...(shelf.get(id)?.meta ?? { created: now }), lastModified: now };
            const kept = { ...JSON.parse(JSON.stringify(instance)), id, meta };
            shelf.set(id, kept);
            return kept;
        })
        .egress((resource) => {
            if (resource.id) {
                if (!shelf.has(resource.id)) throw missing(resource.id);
                return shelf.get(resource.id);
            }
            const all = [...shelf.values()];
            return resource.filter ? resource.filter.match(all) : all;
        })
        .degress((resource) => {
            if (!shelf.delete(resource.id)) throw missing(resource.id);
        });
}
const app = express();
if (process.env.FIX_PAGING === "1") {
    app.use((request, _, next) => {
        const query = { ...request.query };
        for (const key of ["startIndex", "count"]) if (key in query) query[key] = Number(query[key]);
        Object.defineProperty(request, "query", { value: query });
        next();
    });
}
const handler = (request) => {
    if (request.header("Authorization") !== `Bearer ${process.env.TOKEN}`) throw new Error("Authorization not detected!");
    return "tester";
};
app.use("/scim/v2", new SCIMMYRouters({ type: "bearer", handler }));
app.listen(Number(process.env.PORT), "127.0.0.1");
