//! The GraphQL documents, each checked against the schema in `tests/gitlab_documents.rs`.

/// One operation: the name it has in its own text, and the text.
#[derive(Debug, Clone, Copy)]
pub struct Document {
    pub name: &'static str,
    pub text: &'static str,
}

pub const PURCHASES: Document =
    Document { name: "Purchases", text: include_str!("documents/purchases.graphql") };

pub const TOP_LEVEL_GROUP: Document =
    Document { name: "TopLevelGroup", text: include_str!("documents/top_level_group.graphql") };

pub const INSTANCE_HOLDERS: Document =
    Document { name: "InstanceHolders", text: include_str!("documents/instance_holders.graphql") };

/// For GitLab 17.9 and newer; an older one refuses the whole document for the field it does not know.
pub const INSTANCE_HOLDERS_WITH_ACTIVITY: Document = Document {
    name: "InstanceHoldersWithActivity",
    text: include_str!("documents/instance_holders_with_activity.graphql"),
};

pub const GROUP_HOLDERS: Document =
    Document { name: "GroupHolders", text: include_str!("documents/group_holders.graphql") };

/// For GitLab 17.9 and newer.
pub const GROUP_HOLDERS_WITH_ACTIVITY: Document = Document {
    name: "GroupHoldersWithActivity",
    text: include_str!("documents/group_holders_with_activity.graphql"),
};

pub const MEMBERS: Document = Document { name: "Members", text: include_str!("documents/members.graphql") };

pub const ASSIGN: Document = Document { name: "Assign", text: include_str!("documents/assign.graphql") };

pub const REVOKE: Document = Document { name: "Revoke", text: include_str!("documents/revoke.graphql") };

/// Every document, for the test that holds them against the schema.
pub const ALL: [Document; 9] = [
    PURCHASES,
    TOP_LEVEL_GROUP,
    INSTANCE_HOLDERS,
    INSTANCE_HOLDERS_WITH_ACTIVITY,
    GROUP_HOLDERS,
    GROUP_HOLDERS_WITH_ACTIVITY,
    MEMBERS,
    ASSIGN,
    REVOKE,
];
