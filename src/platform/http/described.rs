//! What the descriptions of both roles share, and rules in them that can't be
//! derived from types: words of the domain, one field out of several, the form of
//! common headers.

use serde_json::Value;
use utoipa::ToSchema;
use utoipa::openapi::path::{Operation, Parameter};
use utoipa::openapi::schema::{AllOfBuilder, AnyOfBuilder, ArrayItems, Object, ObjectBuilder};
use utoipa::openapi::{OpenApi, PathItem, RefOr, Schema};

use super::docs::operations;

/// Forms of headers, as regular expressions that hold for the whole value.
const HEADERS: [(&str, &str); 2] =
    [("X-Tenant", "^[a-z0-9][a-z0-9_-]{0,62}$"), ("Idempotency-Key", "^[!-~]{1,255}$")];

/// Whom a document is for. Every part is optional.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "describes Recipient of the domain")]
#[schema(as = Recipient)]
pub struct RecipientBody {
    /// Name as it stands on the letter.
    #[schema(example = "Anna Muster", max_length = 200)]
    name: Option<String>,
    /// E-mail address.
    #[schema(example = "anna.muster@example.org", format = Email, max_length = 254)]
    email: Option<String>,
    /// Telephone number.
    #[schema(example = "+41 44 000 00 00", pattern = "^[-+ ()/.]*([0-9][-+ ()/.]*){3,20}$", max_length = 40)]
    phone: Option<String>,
    /// Language tag (BCP 47).
    #[schema(example = "de", pattern = "^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*$", max_length = 35)]
    language: Option<String>,
}

/// Says of a field of a schema, or of each item of a list, which words it takes.
pub fn field_words<T>(api: &mut OpenApi, (schema, field): (&str, &str), words: &[(&str, T)]) {
    let schemas = api.components.as_mut().map(|components| &mut components.schemas);
    let Some(RefOr::T(Schema::Object(object))) = schemas.and_then(|all| all.get_mut(schema)) else { return };
    if let Some(RefOr::T(schema)) = object.properties.get_mut(field) {
        limit(schema, words.iter().map(|(word, _)| *word));
    }
}

/// Says of a parameter of `GET` which words it takes.
pub fn query_words<T>(api: &mut OpenApi, (path, name): (&str, &str), words: &[(&str, T)]) {
    let operation = api.paths.paths.get_mut(path).and_then(|item| item.get.as_mut());
    let found = operation.into_iter().flat_map(parameters).find(|parameter| parameter.name == name);
    if let Some(RefOr::T(schema)) = found.and_then(|parameter| parameter.schema.as_mut()) {
        limit(schema, words.iter().map(|(word, _)| *word));
    }
}

/// Says of a body that at least one of these fields has to be there.
pub fn at_least_one(api: &mut OpenApi, schema: &str, names: &[&str]) {
    let schemas = api.components.as_mut().map(|components| &mut components.schemas);
    let Some(RefOr::T(place)) = schemas.and_then(|all| all.get_mut(schema)) else { return };
    let one = |choices: AnyOfBuilder, name: &&str| choices.item(ObjectBuilder::new().required(*name));
    let choices = names.iter().fold(AnyOfBuilder::new(), one);
    let whole = std::mem::replace(place, Schema::Object(Object::new()));
    *place = Schema::AllOf(AllOfBuilder::new().item(whole).item(choices).build());
}

/// Says of every header that is common to many operations what it looks like.
pub fn header_forms(api: &mut OpenApi) {
    for parameter in api.paths.paths.values_mut().flat_map(every_parameter) {
        let form = HEADERS.iter().find(|(name, _)| *name == parameter.name);
        if let (Some((_, form)), Some(RefOr::T(Schema::Object(object)))) = (form, &mut parameter.schema) {
            object.pattern = Some((*form).to_owned());
        }
    }
}

fn limit<'a>(schema: &mut Schema, words: impl Iterator<Item = &'a str>) {
    match schema {
        Schema::Array(list) => {
            if let ArrayItems::RefOrSchema(items) = &mut list.items
                && let RefOr::T(item) = items.as_mut()
            {
                limit(item, words);
            }
        }
        Schema::Object(object) => {
            let nullable = serde_json::to_value(&object.schema_type)
                .is_ok_and(|kind| kind.as_array().is_some_and(|kinds| kinds.contains(&Value::from("null"))));
            let null = nullable.then_some(Value::Null);
            object.enum_values = Some(words.map(Value::from).chain(null).collect());
        }
        _ => {}
    }
}

fn every_parameter(item: &mut PathItem) -> impl Iterator<Item = &mut Parameter> {
    operations(item).flat_map(parameters)
}

fn parameters(operation: &mut Operation) -> impl Iterator<Item = &mut Parameter> {
    operation.parameters.iter_mut().flatten().filter_map(inline)
}

fn inline(parameter: &mut RefOr<Parameter>) -> Option<&mut Parameter> {
    match parameter {
        RefOr::T(parameter) => Some(parameter),
        RefOr::Ref(_) => None,
    }
}
