//! Complaints about a document, in the shape GitLab gives them.

use apollo_compiler::ast;
use apollo_compiler::diagnostic::ToCliReport as _;
use apollo_compiler::response::GraphQLError;
use apollo_compiler::validation::DiagnosticList;
use serde_json::{Value, json};

/// GitLab stops validating after so many errors.
const MOST: usize = 5;

/// Each complaint with its place, its path and GitLab's code for it.
pub(crate) fn of_document(text: &str, diagnostics: &DiagnosticList) -> Vec<Value> {
    let document = ast::Document::parse(text, "query.graphql").unwrap_or_else(|errors| errors.partial);
    let complaints: Vec<(&str, Vec<String>, GraphQLError)> = diagnostics
        .iter()
        .map(|diagnostic| {
            let name = diagnostic.error.unstable_error_name().unwrap_or("SyntaxError");
            let path = diagnostic.error.location().map(|location| path_to(&document, location.offset()));
            (name, path.unwrap_or_default(), diagnostic.to_json())
        })
        .collect();
    // The validator drops a field it does not know, and then finds the field around it empty.
    let is_echo = |name: &str, path: &[String]| {
        name == "MissingSubselection"
            && complaints
                .iter()
                .any(|(name, within, _)| *name == "UndefinedField" && within.starts_with(path))
    };
    let genuine = complaints.iter().filter(|(name, path, _)| !is_echo(name, path)).take(MOST);
    genuine
        .map(|(name, path, plain)| {
            let (message, extensions) = in_gitlab_words(name, &plain.message, path);
            json!({ "message": message, "locations": plain.locations, "path": path, "extensions": extensions })
        })
        .collect()
}

/// The message and `extensions` of a complaint. What GitLab's own clients never provoke keeps our words.
fn in_gitlab_words(name: &str, message: &str, path: &[String]) -> (String, Value) {
    let quoted: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    let operation = path.first().map_or("anonymous query", String::as_str);
    let field = path.last().map_or("", String::as_str);
    match (name, quoted.as_slice()) {
        ("UndefinedField", [ty, field, ..]) => (
            format!("Field '{field}' doesn't exist on type '{ty}'"),
            json!({ "code": "undefinedField", "typeName": ty, "fieldName": field }),
        ),
        ("UndefinedArgument", [argument, ..]) => (
            format!("Field '{field}' doesn't accept argument '{argument}'"),
            json!({ "code": "argumentNotAccepted", "name": field, "typeName": "Field", "argumentName": argument }),
        ),
        ("RequiredArgument", [coordinate, ..]) => {
            let argument = coordinate.split(['(', ':']).nth(1).unwrap_or(coordinate);
            (
                format!("Field '{field}' is missing required arguments: {argument}"),
                json!({ "code": "missingRequiredArguments", "className": "Field", "name": field,
                        "arguments": argument }),
            )
        }
        ("UndefinedVariable", [variable, ..]) => (
            format!("Variable {variable} is used by {operation} but not declared"),
            json!({ "code": "variableNotDefined", "variableName": variable.trim_start_matches('$') }),
        ),
        ("UnusedVariable", [variable, ..]) => (
            format!("Variable {variable} is declared by {operation} but not used"),
            json!({ "code": "variableNotUsed", "variableName": variable.trim_start_matches('$') }),
        ),
        ("DisallowedVariableUsage", [variable, have, argument, want, ..]) => (
            format!("Type mismatch on variable {variable} and argument {argument} ({have} / {want})"),
            json!({ "code": "variableMismatch", "variableName": variable.trim_start_matches('$'),
                    "typeName": have, "argumentName": argument, "errorMessage": "Type mismatch" }),
        ),
        ("MissingSubselection", _) => (
            format!("Field must have selections (field '{field}' has no selections)"),
            json!({ "code": "selectionMismatch", "nodeName": format!("field '{field}'") }),
        ),
        (name, _) => (message.to_owned(), json!({ "code": decapitalised(name) })),
    }
}

/// The operation and the fields around a place in the document: `["query P", "addOnPurchases"]`.
fn path_to(document: &ast::Document, offset: usize) -> Vec<String> {
    for definition in document.definitions.iter().filter_map(ast::Definition::as_operation_definition) {
        let around = definition.location().is_some_and(|it| (it.offset()..it.end_offset()).contains(&offset));
        if around {
            let name = definition.name.as_ref().map_or_else(String::new, |name| format!(" {name}"));
            let mut path = vec![format!("{}{name}", definition.operation_type.name())];
            follow(&definition.selection_set, offset, &mut path);
            return path;
        }
    }
    Vec::new()
}

fn follow(selections: &[ast::Selection], offset: usize, path: &mut Vec<String>) {
    for selection in selections {
        let (location, inner) = match selection {
            ast::Selection::Field(field) => (field.location(), &field.selection_set),
            ast::Selection::InlineFragment(fragment) => (fragment.location(), &fragment.selection_set),
            ast::Selection::FragmentSpread(_) => continue,
        };
        if location.is_some_and(|it| (it.offset()..it.end_offset()).contains(&offset)) {
            if let ast::Selection::Field(field) = selection {
                path.push(field.response_name().to_string());
            }
            follow(inner, offset, path);
        }
    }
}

fn decapitalised(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}
