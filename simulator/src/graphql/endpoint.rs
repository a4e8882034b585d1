//! One GraphQL request answered: parsed, checked, weighed, executed.

use std::cell::Cell;
use std::sync::{Mutex, PoisonError};

use apollo_compiler::ExecutableDocument;
use apollo_compiler::resolvers::Execution;
use apollo_compiler::response::JsonMap;
use serde_json::{Value, json};

use crate::graphql::complexity::Complexity;
use crate::graphql::mutations::MutationRoot;
use crate::graphql::queries::QueryRoot;
use crate::graphql::request::GraphqlRequest;
use crate::graphql::scene::Scene;
use crate::graphql::{errors, inputs, schema};
use crate::world::gitlab::World;
use crate::world::token::Caller;

/// The longest query text GitLab reads, in characters.
const LONGEST_QUERY: usize = 10_000;

/// How a request came: mutations are refused in GET requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    Get,
    Post,
}

/// An HTTP status and its JSON body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub body: Value,
}

/// Answers one request of `caller`; without one, as to a stranger.
pub fn answer(world: &Mutex<World>, caller: Option<&Caller>, request: &GraphqlRequest, way: Way) -> Answer {
    if request.query.chars().count() > LONGEST_QUERY {
        return refusal(422, "Query too large");
    }
    if request.query.trim().is_empty() {
        return refusal(200, "No query string was present");
    }
    let schema = {
        let world = world.lock().unwrap_or_else(PoisonError::into_inner);
        schema::of_version(&world.settings.version)
    };
    let document =
        match ExecutableDocument::parse_and_validate(schema, request.query.as_str(), "query.graphql") {
            Ok(document) => document,
            Err(invalid) => return without_data(errors::of_document(&request.query, &invalid.errors)),
        };
    let operation = match document.operations.get(request.operation_name.as_deref()) {
        Ok(operation) => operation,
        Err(error) => return refusal(200, &error.message().to_string()),
    };
    if way == Way::Get && operation.is_mutation() {
        return refusal(422, "Mutations are forbidden in GET requests");
    }
    let given = request.variables.clone().unwrap_or_default();
    let mut complaints = inputs::check_literals(schema, &document);
    complaints.extend(inputs::check_variables(schema, &document, operation, &given));
    if !complaints.is_empty() {
        return without_data(complaints);
    }
    let variables: JsonMap = given.into_iter().map(|(name, value)| (name.into(), value.into())).collect();
    let complexity = Complexity::of(&document, operation, &variables, caller);
    if complexity.score > complexity.limit {
        return refusal(
            200,
            &format!(
                "Query has complexity of {}, which exceeds max complexity of {}",
                complexity.score, complexity.limit
            ),
        );
    }

    let scene = Scene { world, caller, complexity, broke: Cell::new(false) };
    let execution = Execution::new(schema, &document).operation(operation).raw_variable_values(&variables);
    let executed = if operation.is_mutation() {
        execution.execute_sync(&MutationRoot(&scene))
    } else {
        execution.execute_sync(&QueryRoot(&scene))
    };
    match executed {
        _ if scene.broke.get() => refusal(500, "Internal server error"),
        Ok(mut response) => {
            for error in &mut response.errors {
                // The executor marks what resolvers said; GitLab does not.
                if let Some(said) = error.message.strip_prefix("resolver error: ") {
                    error.message = said.to_owned();
                }
            }
            Answer { status: 200, body: json!(response) }
        }
        Err(error) => refusal(200, &error.message().to_string()),
    }
}

/// An answer that is one error and no data.
pub fn refusal(status: u16, message: &str) -> Answer {
    Answer { status, body: json!({ "errors": [{ "message": message }] }) }
}

fn without_data(errors: Vec<Value>) -> Answer {
    Answer { status: 200, body: json!({ "errors": errors }) }
}
