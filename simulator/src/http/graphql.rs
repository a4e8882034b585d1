//! The GraphQL endpoint's two ways in: POST with JSON, GET with a query string.

use std::sync::{Arc, Mutex};

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router};
use serde::Deserialize;

use crate::graphql::endpoint::{Answer, Way, answer, refusal};
use crate::graphql::request::GraphqlRequest;
use crate::rest::signed::Presented;
use crate::world::gitlab::World;
use crate::world::token::{Caller, TokenRefusal};

pub(crate) fn router(world: Arc<Mutex<World>>) -> Router {
    Router::new().route("/", get(by_get).post(by_post)).with_state(world)
}

async fn by_post(
    State(world): State<Arc<Mutex<World>>>,
    Extension(presented): Extension<Presented>,
    body: Bytes,
) -> Response {
    let Ok(request) = serde_json::from_slice(&body) else {
        return response(&refusal(400, "There was a problem in the JSON you submitted"));
    };
    respond(&world, &presented, &request, Way::Post)
}

#[derive(Deserialize)]
struct InQueryString {
    #[serde(default)]
    query: String,
    variables: Option<String>,
    #[serde(rename = "operationName")]
    operation_name: Option<String>,
}

async fn by_get(
    State(world): State<Arc<Mutex<World>>>,
    Extension(presented): Extension<Presented>,
    Query(parameters): Query<InQueryString>,
) -> Response {
    let variables = parameters.variables.and_then(|json| serde_json::from_str(&json).ok());
    let request =
        GraphqlRequest { query: parameters.query, variables, operation_name: parameters.operation_name };
    respond(&world, &presented, &request, Way::Get)
}

fn respond(world: &Mutex<World>, presented: &Presented, request: &GraphqlRequest, way: Way) -> Response {
    match caller(presented) {
        Ok(caller) => response(&answer(world, caller, request, way)),
        Err(refused) => response(&refused),
    }
}

/// Who asks. Strangers are let in (they see nothing); bad tokens and tokens without an API scope are not.
fn caller(presented: &Presented) -> Result<Option<&Caller>, Answer> {
    match presented {
        Presented::Nothing => Ok(None),
        Presented::Good(caller) if caller.token.has_any(&["api", "read_api"]) => Ok(Some(caller)),
        Presented::Good(_)
        | Presented::Bad(TokenRefusal::Unknown | TokenRefusal::Expired | TokenRefusal::Revoked) => {
            Err(refusal(401, "Invalid token"))
        }
        Presented::Bad(TokenRefusal::AccountNotActive) => Err(refusal(403, "API not accessible for user")),
    }
}

fn response(answer: &Answer) -> Response {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, Json(&answer.body)).into_response()
}
