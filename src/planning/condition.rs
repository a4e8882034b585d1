//! The `where` of a rule: a CEL expression over one person, compiled once and asked of each.

use std::collections::{BTreeSet, HashMap};
use std::fmt;

use cel::common::ast::{EntryExpr, Expr, IdedExpr, LiteralValue, operators};
use cel::{Context, ExecutionError, Program, Value};

use crate::model::person::Person;

/// Longer expressions are refused: nobody reads them, and what CEL costs grows with its text.
const MAX_LENGTH: usize = 4096;

/// A compiled `where`. It knows which attributes it asks for.
#[derive(Debug)]
pub struct Condition {
    program: Program,
    single: BTreeSet<String>,
    lists: BTreeSet<String>,
}

/// Why a text is no condition.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConditionError {
    #[error("`where` is longer than {MAX_LENGTH} characters")]
    TooLong,
    #[error("`where` is no CEL expression: {message}")]
    Syntax { message: String },
    #[error("`where` names `{name}`, but it can only ask `person.NAME` and `person.all.NAME`")]
    UnknownName { name: String },
    #[error("`where` must be true or false, but this is {found}")]
    NotBoolean { found: String },
    #[error("`where` cannot be worked out: {message}")]
    Meaningless { message: String },
}

/// The expression gave no answer for somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoAnswer {
    /// What went wrong, without the person's data.
    pub because: String,
}

impl Condition {
    /// Compiles an expression, and tries it on a person of whom nothing is known.
    pub fn compile(text: &str) -> Result<Condition, ConditionError> {
        if text.len() > MAX_LENGTH {
            return Err(ConditionError::TooLong);
        }
        let program = Program::compile(text).map_err(|errors| ConditionError::Syntax {
            message: errors.errors.first().map_or_else(|| errors.to_string(), |first| first.msg.clone()),
        })?;
        let mut names = Names::default();
        names.gather(program.expression(), &mut Vec::new())?;
        let condition = Condition { program, single: names.single, lists: names.lists };
        match condition.evaluate(|_| Vec::new()) {
            Ok(Value::Bool(_)) => Ok(condition),
            Ok(other) => Err(ConditionError::NotBoolean { found: format!("a {}", other.type_of()) }),
            Err(error @ (ExecutionError::UndeclaredReference(_) | ExecutionError::NoSuchOverload(_))) => {
                Err(ConditionError::Meaningless { message: error.to_string() })
            }
            // An index out of bounds, say: it may be well for people who have the attribute.
            Err(_) => Ok(condition),
        }
    }

    /// The attributes that the expression asks for.
    pub fn attributes(&self) -> impl Iterator<Item = &str> {
        self.single.union(&self.lists).map(String::as_str)
    }

    /// Whether it holds for a person.
    pub fn holds(&self, person: &Person) -> Result<bool, NoAnswer> {
        match self.evaluate(|name| values(person, name)) {
            Ok(Value::Bool(answer)) => Ok(answer),
            Ok(other) => {
                Err(NoAnswer { because: format!("it gave a {} instead of true or false", other.type_of()) })
            }
            Err(error) => Err(NoAnswer { because: kind(&error).to_owned() }),
        }
    }

    fn evaluate<'a>(&self, values: impl Fn(&str) -> Vec<&'a str>) -> Result<Value, ExecutionError> {
        let mut fields: HashMap<String, Value> = HashMap::with_capacity(self.single.len() + 1);
        for name in &self.single {
            fields.insert(name.clone(), values(name).first().copied().unwrap_or_default().into());
        }
        if !self.lists.is_empty() {
            let lists: HashMap<String, Value> =
                self.lists.iter().map(|name| (name.clone(), values(name).into())).collect();
            fields.insert("all".to_owned(), lists.into());
        }
        let mut context = Context::default();
        context.add_variable_from_value("person", fields);
        self.program.execute(&context)
    }
}

/// The values of an attribute, the built-in names included.
pub fn values<'a>(person: &'a Person, name: &str) -> Vec<&'a str> {
    match name {
        "id" => vec![person.id()],
        "username" => person.username().into_iter().collect(),
        "name" => person.name().into_iter().collect(),
        "email" => person.emails().collect(),
        other => person.attribute(other).iter().map(|value| &**value).collect(),
    }
}

/// The kind of an error; its own words would carry the person's data.
fn kind(error: &ExecutionError) -> &'static str {
    if matches!(error, ExecutionError::IndexOutOfBounds(_)) {
        "an index was out of bounds"
    } else if matches!(error, ExecutionError::NoSuchKey(_)) {
        "a key was missing"
    } else {
        "values of the wrong type met"
    }
}

/// The attributes an expression asks for, split by how it asks.
#[derive(Default)]
struct Names {
    single: BTreeSet<String>,
    lists: BTreeSet<String>,
}

impl Names {
    fn gather(&mut self, expression: &IdedExpr, bound: &mut Vec<String>) -> Result<(), ConditionError> {
        match &expression.expr {
            Expr::Ident(name) if bound.contains(name) => {}
            Expr::Ident(name) => return Err(ConditionError::UnknownName { name: name.clone() }),
            Expr::Select(select) => match Asked::by(&select.operand.expr) {
                Asked::Person if select.field != "all" => {
                    self.single.insert(select.field.clone());
                }
                Asked::All => {
                    self.lists.insert(select.field.clone());
                }
                Asked::Person | Asked::Other => self.gather(&select.operand, bound)?,
            },
            Expr::Call(call) => {
                if call.func_name == operators::INDEX
                    && let [of, key] = call.args.as_slice()
                    && let Expr::Literal(LiteralValue::String(key)) = &key.expr
                {
                    match Asked::by(&of.expr) {
                        Asked::Person => {
                            self.single.insert(key.inner().to_owned());
                            return Ok(());
                        }
                        Asked::All => {
                            self.lists.insert(key.inner().to_owned());
                            return Ok(());
                        }
                        Asked::Other => {}
                    }
                }
                for part in call.target.iter().map(AsRef::as_ref).chain(&call.args) {
                    self.gather(part, bound)?;
                }
            }
            Expr::List(list) => {
                for element in &list.elements {
                    self.gather(element, bound)?;
                }
            }
            Expr::Comprehension(comprehension) => {
                self.gather(&comprehension.iter_range, bound)?;
                let depth = bound.len();
                bound.push(comprehension.iter_var.clone());
                bound.extend(comprehension.iter_var2.clone());
                bound.push(comprehension.accu_var.clone());
                for part in [
                    &comprehension.accu_init,
                    &comprehension.loop_cond,
                    &comprehension.loop_step,
                    &comprehension.result,
                ] {
                    self.gather(part, bound)?;
                }
                bound.truncate(depth);
            }
            Expr::Map(map) => self.entries(map.entries.iter().map(|entry| &entry.expr), bound)?,
            Expr::Struct(message) => self.entries(message.entries.iter().map(|entry| &entry.expr), bound)?,
            Expr::Literal(_) | Expr::Unspecified => {}
        }
        Ok(())
    }

    fn entries<'a>(
        &mut self,
        entries: impl Iterator<Item = &'a EntryExpr>,
        bound: &mut Vec<String>,
    ) -> Result<(), ConditionError> {
        for entry in entries {
            match entry {
                EntryExpr::MapEntry(entry) => {
                    self.gather(&entry.key, bound)?;
                    self.gather(&entry.value, bound)?;
                }
                EntryExpr::StructField(field) => self.gather(&field.value, bound)?,
            }
        }
        Ok(())
    }
}

/// What a selection is made from: `person`, `person.all`, or something else.
enum Asked {
    Person,
    All,
    Other,
}

impl Asked {
    fn by(expression: &Expr) -> Asked {
        if matches!(expression, Expr::Ident(name) if name == "person") {
            return Asked::Person;
        }
        let Expr::Select(select) = expression else { return Asked::Other };
        let all = select.field == "all" && matches!(Asked::by(&select.operand.expr), Asked::Person);
        if all { Asked::All } else { Asked::Other }
    }
}

impl fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.because)
    }
}

#[cfg(test)]
mod tests {
    use crate::model::person::{Attribute, Person, Profile};
    use crate::planning::condition::{Condition, ConditionError};

    fn ada() -> Person {
        let department = Attribute { name: "department".into(), values: vec!["R&D".into(), "Lab".into()] };
        Person::from(Profile {
            id: "1".into(),
            username: Some("ada".into()),
            emails: vec!["ada@corp.example".into()],
            attributes: vec![department],
            ..Profile::default()
        })
    }

    fn holds(text: &str) -> bool {
        Condition::compile(text).unwrap().holds(&ada()).unwrap()
    }

    #[test]
    fn an_attribute_is_its_first_value_and_all_of_them_are_a_list() {
        assert!(holds(r#"person.department == "R&D" && person.name == """#));
        assert!(holds(r#""Lab" in person.all.department"#));
        assert!(holds(r#"person.all.department.exists(d, d.startsWith("L"))"#));
        assert!(holds(r#"person["department"].matches("^R.D$") && size(person.all["title"]) == 0"#));
        assert!(holds(r#"person.email.endsWith("@corp.example")"#));
    }

    #[test]
    fn it_knows_which_attributes_it_asks_for() {
        let condition =
            Condition::compile(r#"person.a == "" || person.all.b.size() > 0 || has(person.c)"#).unwrap();
        assert_eq!(condition.attributes().collect::<Vec<_>>(), ["a", "b", "c"]);
    }

    #[test]
    fn what_is_no_condition_is_refused_when_the_configuration_is_read() {
        assert!(matches!(Condition::compile("person."), Err(ConditionError::Syntax { .. })));
        assert!(matches!(Condition::compile("1 + 1"), Err(ConditionError::NotBoolean { .. })));
        assert!(matches!(Condition::compile("group == \"x\""), Err(ConditionError::UnknownName { .. })));
        assert!(matches!(Condition::compile("size(person) > 0"), Err(ConditionError::UnknownName { .. })));
        assert!(matches!(Condition::compile("nosuch(person.a)"), Err(ConditionError::Meaningless { .. })));
        assert_eq!(Condition::compile(&" ".repeat(5000)).unwrap_err(), ConditionError::TooLong);
    }

    #[test]
    fn an_expression_without_an_answer_is_not_a_no() {
        let condition = Condition::compile(r#"person.all.title[3] == "x""#).unwrap();
        assert!(condition.holds(&ada()).is_err());
    }
}
