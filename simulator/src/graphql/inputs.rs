//! Values given to a query, checked as GitLab checks them: above all, whether a global ID is one.

use apollo_compiler::ast::{Type, Value as Literal};
use apollo_compiler::executable::{Operation, Selection, SelectionSet};
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::validation::Valid;
use apollo_compiler::{ExecutableDocument, Schema};
use serde_json::{Map, Value, json};

use crate::world::gid::GidType;

/// A value that does not fit, where in the variable it stands, and why.
struct Misfit {
    path: Vec<Value>,
    explanation: String,
}

/// The complaints about variables, in GitLab's words; empty when all fit.
pub(crate) fn check_variables(
    schema: &Valid<Schema>,
    document: &ExecutableDocument,
    operation: &Operation,
    values: &Map<String, Value>,
) -> Vec<Value> {
    let mut complaints = Vec::new();
    for definition in &operation.variables {
        let given = values.get(definition.name.as_str());
        if given.is_none() && definition.default_value.is_some() {
            continue;
        }
        let value = given.unwrap_or(&Value::Null);
        let Some(misfit) = misfit(schema, &definition.ty, value) else { continue };
        let place =
            misfit.path.iter().map(|step| step.to_string().replace('"', "")).collect::<Vec<_>>().join(".");
        let place = if place.is_empty() { String::new() } else { format!(" for {place}") };
        let location = definition.location().and_then(|location| location.line_column(&document.sources));
        complaints.push(json!({
            "message": format!(
                "Variable ${} of type {} was provided invalid value{place} ({})",
                definition.name, definition.ty, misfit.explanation
            ),
            "locations": location.into_iter().collect::<Vec<_>>(),
            "extensions": {
                "value": value,
                "problems": [{ "path": misfit.path, "explanation": misfit.explanation }],
            },
        }));
    }
    complaints
}

/// The complaints about global IDs written into the document itself.
pub(crate) fn check_literals(schema: &Valid<Schema>, document: &ExecutableDocument) -> Vec<Value> {
    let mut complaints = Vec::new();
    for operation in document.operations.iter() {
        check_selections(schema, document, &operation.selection_set, &mut complaints);
    }
    for fragment in document.fragments.values() {
        check_selections(schema, document, &fragment.selection_set, &mut complaints);
    }
    complaints
}

fn check_selections(
    schema: &Valid<Schema>,
    document: &ExecutableDocument,
    set: &SelectionSet,
    complaints: &mut Vec<Value>,
) {
    for selection in &set.selections {
        match selection {
            Selection::Field(field) => {
                for argument in &field.arguments {
                    let definition = field.definition.argument_by_name(&argument.name);
                    let wrong = definition.and_then(|it| literal_misfit(schema, &it.ty, &argument.value));
                    if let Some(message) = wrong {
                        let location = argument.location().and_then(|at| at.line_column(&document.sources));
                        complaints.push(json!({
                            "message": message,
                            "locations": location.into_iter().collect::<Vec<_>>(),
                            "extensions": {
                                "code": "argumentLiteralsIncompatible", "typeName": "CoercionError",
                            },
                        }));
                    }
                }
                check_selections(schema, document, &field.selection_set, complaints);
            }
            Selection::InlineFragment(fragment) => {
                check_selections(schema, document, &fragment.selection_set, complaints);
            }
            Selection::FragmentSpread(_) => {} // fragments are checked where they are defined
        }
    }
}

fn literal_misfit(schema: &Valid<Schema>, ty: &Type, value: &Literal) -> Option<String> {
    match value {
        Literal::List(items) => items.iter().find_map(|item| literal_misfit(schema, ty.item_type(), item)),
        Literal::Object(fields) => {
            let input = schema.get_input_object(ty.inner_named_type())?;
            fields.iter().find_map(|(name, value)| literal_misfit(schema, &input.fields.get(name)?.ty, value))
        }
        Literal::String(text) => GidType::of_scalar(ty.inner_named_type())?.parse(text).err(),
        Literal::Null
        | Literal::Enum(_)
        | Literal::Variable(_)
        | Literal::Float(_)
        | Literal::Int(_)
        | Literal::Boolean(_) => None,
    }
}

fn misfit(schema: &Valid<Schema>, ty: &Type, value: &Value) -> Option<Misfit> {
    if value.is_null() {
        return ty.is_non_null().then(|| Misfit::here("Expected value to not be null".to_owned()));
    }
    if ty.is_list() {
        // One value stands for a list of one.
        let items = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
        let mut misfits = items.iter().enumerate();
        return misfits.find_map(|(at, item)| Some(misfit(schema, ty.item_type(), item)?.below(at.into())));
    }
    let name = ty.inner_named_type();
    if let Some(gid) = GidType::of_scalar(name) {
        return match value.as_str() {
            Some(text) => gid.parse(text).err().map(Misfit::here),
            None => Some(Misfit::here(format!("{value} is not a valid Global ID"))),
        };
    }
    match schema.types.get(name)? {
        ExtendedType::InputObject(input) => {
            let Some(fields) = value.as_object() else { return Some(Misfit::unfit(value, name)) };
            if let Some(stranger) = fields.keys().find(|key| !input.fields.contains_key(key.as_str())) {
                let unknown = Misfit::here(format!("Field is not defined on {name}"));
                return Some(unknown.below(stranger.as_str().into()));
            }
            input.fields.iter().find_map(|(key, definition)| {
                let given = fields.get(key.as_str()).unwrap_or(&Value::Null);
                Some(misfit(schema, &definition.ty, given)?.below(key.as_str().into()))
            })
        }
        ExtendedType::Enum(choice) => {
            let known = value.as_str().is_some_and(|text| choice.values.keys().any(|key| key == text));
            let words = || choice.values.keys().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            (!known).then(|| Misfit::here(format!("Expected {value} to be one of: {}", words())))
        }
        ExtendedType::Scalar(_) => {
            let fits = match name.as_str() {
                "Int" => value.as_i64().is_some_and(|number| i32::try_from(number).is_ok()),
                "Boolean" => value.is_boolean(),
                "ID" => value.is_string() || value.is_i64(),
                _ => value.is_string(),
            };
            (!fits).then(|| Misfit::unfit(value, name))
        }
        ExtendedType::Object(_) | ExtendedType::Interface(_) | ExtendedType::Union(_) => None,
    }
}

impl Misfit {
    fn here(explanation: String) -> Misfit {
        Misfit { path: Vec::new(), explanation }
    }

    fn unfit(value: &Value, ty: &str) -> Misfit {
        Misfit::here(format!("Could not coerce value {value} to {ty}"))
    }

    fn below(mut self, step: Value) -> Misfit {
        self.path.insert(0, step);
        self
    }
}
