//! What a query costs by GitLab's reckoning, and how much it may.

use apollo_compiler::ExecutableDocument;
use apollo_compiler::executable::{Field, Operation, Selection, SelectionSet};
use apollo_compiler::response::{JsonMap, JsonValue};

use crate::world::token::Caller;

/// The cost of a request and its limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Complexity {
    pub(crate) score: u32,
    pub(crate) limit: u32,
}

impl Complexity {
    /// Weighs an operation. Limits: 200 for strangers, 250 with a token, 300 for administrators.
    pub(crate) fn of(
        document: &ExecutableDocument,
        operation: &Operation,
        variables: &JsonMap,
        caller: Option<&Caller>,
    ) -> Complexity {
        let limit = match caller {
            None => 200,
            Some(caller) if caller.account.admin => 300,
            Some(_) => 250,
        };
        let score = Scale { document, variables }.selections(&operation.selection_set);
        Complexity { score, limit }
    }
}

struct Scale<'a> {
    document: &'a ExecutableDocument,
    variables: &'a JsonMap,
}

impl Scale<'_> {
    fn selections(&self, set: &SelectionSet) -> u32 {
        set.selections.iter().map(|selection| self.selection(selection)).sum()
    }

    fn selection(&self, selection: &Selection) -> u32 {
        match selection {
            Selection::Field(field) => self.field(field),
            Selection::InlineFragment(fragment) => self.selections(&fragment.selection_set),
            Selection::FragmentSpread(spread) => {
                let fragment = spread.fragment_def(self.document);
                fragment.map_or(0, |fragment| self.selections(&fragment.selection_set))
            }
        }
    }

    /// A field costs one and its children. GitLab's paged resolvers cost more by the order or search asked for,
    /// and one hundredth more for each row of a page.
    fn field(&self, field: &Field) -> u32 {
        let plain = self.selections(&field.selection_set) + 1;
        match field.name.as_str() {
            "addOnEligibleUsers" | "selfManagedAddOnEligibleUsers" | "addOnAssignments" => {
                let ordered = plain + u32::from(self.argument(field, "sort").is_some());
                let searched = ordered + if self.argument(field, "search").is_some() { 5 } else { 0 };
                searched + searched * self.page_size(field) / 100
            }
            _ => plain,
        }
    }

    fn page_size(&self, field: &Field) -> u32 {
        let size = |name| self.argument(field, name).and_then(|value| value.as_u64());
        let asked = size("first").or_else(|| size("last")).unwrap_or(100);
        u32::try_from(asked.min(100)).unwrap_or(100)
    }

    /// An argument's value, unless it is absent or null.
    fn argument(&self, field: &Field, name: &str) -> Option<JsonValue> {
        let value = field.specified_argument_by_name(name)?;
        if let Some(variable) = value.as_variable() {
            return self.variables.get(variable.as_str()).filter(|value| !value.is_null()).cloned();
        }
        if value.is_null() {
            return None;
        }
        Some(value.to_i32().map_or_else(|| JsonValue::from(true), JsonValue::from))
    }
}
