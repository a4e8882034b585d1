//! A GraphQL request as it arrives, and what can be said of it before it is answered.

use apollo_compiler::ast;
use serde::Deserialize;
use serde_json::{Map, Value};

/// The JSON body of a request.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct GraphqlRequest {
    #[serde(default)]
    pub query: String,
    #[serde(default)]
    pub variables: Option<Map<String, Value>>,
    #[serde(default, rename = "operationName")]
    pub operation_name: Option<String>,
}

/// What a request is about, for faults that wait for it and for the log.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outline {
    /// The name of the operation, where it has one.
    pub operation: Option<String>,
    /// The fields asked of the root, such as `userAddOnAssignmentBulkCreate`.
    pub root_fields: Vec<String>,
    pub is_mutation: bool,
    /// How many account ids the variables carry.
    pub ids: usize,
}

impl Outline {
    /// Reads the outline of a request; of an unreadable document, what can be read.
    pub fn of(request: &GraphqlRequest) -> Outline {
        let document = ast::Document::parse(request.query.as_str(), "query.graphql")
            .unwrap_or_else(|errors| errors.partial);
        let mut operations = document.definitions.iter().filter_map(ast::Definition::as_operation_definition);
        let wanted = request.operation_name.as_deref();
        let operation = operations.find(|operation| wanted.is_none() || operation.name.as_deref() == wanted);
        let ids = request.variables.iter().flatten().map(|(_, value)| account_ids(value)).sum();
        let Some(operation) = operation else { return Outline { ids, ..Outline::default() } };
        let fields = operation.selection_set.iter().filter_map(ast::Selection::as_field);
        Outline {
            operation: operation.name.as_ref().map(ToString::to_string),
            root_fields: fields.map(|field| field.name.to_string()).collect(),
            is_mutation: operation.operation_type == ast::OperationType::Mutation,
            ids,
        }
    }

    /// Whether the request goes by this name: that of the operation, or of one of its root fields.
    pub fn goes_by(&self, name: &str) -> bool {
        self.operation.as_deref() == Some(name) || self.root_fields.iter().any(|field| field == name)
    }
}

fn account_ids(value: &Value) -> usize {
    match value {
        Value::String(text) => usize::from(text.starts_with("gid://gitlab/User/")),
        Value::Array(items) => items.iter().map(account_ids).sum(),
        Value::Object(fields) => fields.values().map(account_ids).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) => 0,
    }
}
