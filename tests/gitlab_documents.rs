//! Our GraphQL documents, held against GitLab's schema and its limits.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use apollo_compiler::ExecutableDocument;
use apollo_compiler::Schema;
use apollo_compiler::ast::Value;
use apollo_compiler::executable::{Field, Selection, SelectionSet};
use apollo_compiler::validation::Valid;
use seatsync::gitlab::documents::{ALL, Document};

/// GitLab's schema of 18.9, as far as add-ons go.
const SCHEMA: &str = include_str!("../simulator/schema.graphql");

fn schema(text: &str) -> Valid<Schema> {
    Schema::parse_and_validate(text, "schema.graphql").unwrap()
}

fn parsed(schema: &Valid<Schema>, document: Document) -> Result<Valid<ExecutableDocument>, String> {
    ExecutableDocument::parse_and_validate(schema, document.text, document.name)
        .map_err(|error| error.to_string())
}

#[test]
fn every_document_asks_for_what_the_schema_has() {
    let schema = schema(SCHEMA);
    for document in ALL {
        parsed(&schema, document).unwrap_or_else(|error| panic!("{error}"));
    }
}

#[test]
fn every_document_holds_the_one_operation_it_is_named_for() {
    let schema = schema(SCHEMA);
    for document in ALL {
        let parsed = parsed(&schema, document).unwrap();
        let names: Vec<&str> = parsed.operations.named.keys().map(|name| name.as_str()).collect();
        assert_eq!(names, [document.name]);
        assert!(parsed.operations.anonymous.is_none());
    }
}

#[test]
fn before_17_9_only_documents_with_activity_are_refused() {
    let old = schema(&SCHEMA.replace("  lastDuoActivityOn: Date\n", ""));
    let refused: Vec<&str> =
        ALL.into_iter().filter(|&document| parsed(&old, document).is_err()).map(|one| one.name).collect();
    assert_eq!(refused, ["InstanceHoldersWithActivity", "GroupHoldersWithActivity"]);
}

#[test]
fn every_document_stays_below_gitlab_s_limits_for_a_token_of_no_administrator() {
    let schema = schema(SCHEMA);
    for document in ALL {
        assert!(document.text.chars().count() < 10_000, "{}", document.name);
        let parsed = parsed(&schema, document).unwrap();
        let operation = parsed.operations.iter().next().unwrap();
        let complexity = complexity(&operation.selection_set);
        assert!(complexity < 250.0, "{}: {complexity}", document.name);
    }
}

/// GitLab's rule, taking the dearest reading wherever it leaves a doubt: each field costs one and what is in it; a
/// list costs one more if sorted, and a hundredth more for each row of a page, a full one unless a smaller is asked for.
fn complexity(set: &SelectionSet) -> f64 {
    set.selections
        .iter()
        .map(|selection| match selection {
            Selection::Field(field) => cost(field),
            Selection::InlineFragment(fragment) => complexity(&fragment.selection_set),
            Selection::FragmentSpread(_) => panic!("our documents have no named fragments"),
        })
        .sum()
}

fn cost(field: &Field) -> f64 {
    let own = 1.0 + complexity(&field.selection_set);
    if !field.ty().inner_named_type().ends_with("Connection") {
        return own;
    }
    let rows = match field.specified_argument_by_name("first").map(|value| &**value) {
        Some(Value::Int(rows)) => rows.try_to_f64().unwrap(),
        Some(_) | None => 100.0,
    };
    let sorted = if field.specified_argument_by_name("sort").is_some() { 1.0 } else { 0.0 };
    (own + sorted) * (1.0 + rows.min(100.0) * 0.01)
}
