//! The parameters of a GraphQL request, from a JSON body or a query string.

use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};

use super::answer::Refusal;
use super::json::{self, Fault};

/// What is asked.
#[derive(Debug, PartialEq)]
pub struct Params {
    /// The document.
    pub query: String,
    /// Which operation of it.
    pub operation_name: Option<String>,
    /// Values of variables.
    pub variables: Map<String, Value>,
}

impl Params {
    /// From the body of a POST.
    pub fn from_json(body: &[u8]) -> Result<Params, Refusal> {
        match json::read(body) {
            Ok(Value::Object(object)) => Params::from_object(object),
            Ok(Value::Array(_)) => Err(Refusal::bad_request("Batching is not supported: send one operation at a time.")),
            Ok(_) => Err(Refusal::bad_request("The body must be a JSON object.")),
            Err(Fault::Duplicate) => Err(Refusal::bad_request("The body has an object with the same name twice.")),
            Err(Fault::Malformed) => Err(Refusal::bad_request("The body is not well-formed JSON in UTF-8.")),
        }
    }

    /// From the query string of a GET.
    pub fn from_query(query: &str) -> Result<Params, Refusal> {
        if percent_decode_str(query).decode_utf8().is_err() {
            return Err(Refusal::bad_request("The query string is not UTF-8."));
        }
        let mut object = Map::new();
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            let value = match &*name {
                "query" => Value::String(value.into_owned()),
                // Forms send what is left empty.
                "operationName" | "variables" | "extensions" if value.is_empty() => Value::Null,
                "operationName" => Value::String(value.into_owned()),
                "variables" | "extensions" => {
                    json::read(value.as_bytes()).map_err(|_| Refusal::bad_request(format!("`{name}` is not well-formed JSON.")))?
                }
                _ => continue,
            };
            if object.insert(name.to_string(), value).is_some() {
                return Err(Refusal::bad_request(format!("`{name}` was sent twice.")));
            }
        }
        Params::from_object(object)
    }

    /// What is JSON in the query string of a GET.
    pub fn json_in_query(query: &str) -> Vec<String> {
        let parameters = url::form_urlencoded::parse(query.as_bytes());
        parameters.filter(|(name, _)| matches!(&**name, "variables" | "extensions")).map(|(_, value)| value.into_owned()).collect()
    }

    /// From an object.
    pub fn from_object(mut object: Map<String, Value>) -> Result<Params, Refusal> {
        let query = match object.remove("query") {
            Some(Value::String(query)) if !query.is_empty() => query,
            Some(Value::String(_) | Value::Null) | None => return Err(Refusal::bad_request("`query` is missing.")),
            Some(_) => return Err(Refusal::bad_request("`query` must be a string.")),
        };
        let operation_name = match object.remove("operationName") {
            Some(Value::String(name)) => Some(name),
            Some(Value::Null) | None => None,
            Some(_) => return Err(Refusal::bad_request("`operationName` must be a string.")),
        };
        let variables = object_or_nothing(&mut object, "variables")?;
        object_or_nothing(&mut object, "extensions")?;
        Ok(Params { query, operation_name, variables })
    }
}

fn object_or_nothing(object: &mut Map<String, Value>, name: &str) -> Result<Map<String, Value>, Refusal> {
    match object.remove(name) {
        Some(Value::Object(map)) => Ok(map),
        Some(Value::Null) | None => Ok(Map::new()),
        Some(_) => Err(Refusal::bad_request(format!("`{name}` must be an object."))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_of_the_wrong_shape_are_refused() {
        for bad in [
            "",
            "{",
            "[]",
            "[{\"query\":\"{a}\"}]",
            "1",
            "null",
            "{}",
            "{\"query\":null}",
            "{\"query\":\"\"}",
            "{\"query\":1}",
            "{\"query\":{}}",
            "{\"query\":\"{a}\",\"variables\":1}",
            "{\"query\":\"{a}\",\"variables\":[]}",
            "{\"query\":\"{a}\",\"variables\":\"{}\"}",
            "{\"query\":\"{a}\",\"extensions\":[]}",
            "{\"query\":\"{a}\",\"operationName\":1}",
            "{\"query\":\"{a}\"} x",
            "{\"query\":\"{a}\",\"query\":\"{b}\"}",
            "\u{feff}{\"query\":\"{a}\"}",
        ] {
            assert!(Params::from_json(bad.as_bytes()).is_err(), "{bad}");
        }
        let deep = format!("{{\"query\":\"{{a}}\",\"variables\":{}{}}}", "{\"a\":".repeat(5000), "1".to_owned() + &"}".repeat(5000));
        assert!(Params::from_json(deep.as_bytes()).is_err(), "nesting has an end");
        let good = Params::from_json(br#"{"query":"{a}","variables":null,"extensions":{},"operationName":null,"other":1}"#).expect("fine");
        assert_eq!(good, Params { query: "{a}".into(), operation_name: None, variables: Map::new() });
    }

    #[test]
    fn query_strings_say_the_same() {
        let params = Params::from_query("query=query+A%7Ba%7D&operationName=A&variables=%7B%22x%22%3A1%7D&other=2").expect("fine");
        assert_eq!((params.query.as_str(), params.operation_name.as_deref()), ("query A{a}", Some("A")));
        assert_eq!(params.variables.get("x"), Some(&Value::from(1)));
        assert!(Params::from_query("query=%7Ba%7D&variables=&operationName=").is_ok());
        for bad in [
            "",
            "query=",
            "operation_name=A",
            "query=%7Ba%7D&variables=x",
            "query=%7Ba%7D&variables=1",
            "query=%7Ba%7D&extensions=[]",
            "query=%7Ba%7D&query=%7Ba%7D",
            "query=%7Ba%7D&variables=%7B%22a%22:1,%22a%22:2%7D",
            "query=%7Ba%7D&x=%ff",
        ] {
            assert!(Params::from_query(bad).is_err(), "{bad}");
        }
    }
}
