//! Bylines.

use async_graphql::SimpleObject;
use tenure_core::id::UserId;
use tenure_core::text;
use tenure_core::user::{Actor, FormerPerson};

use crate::graphql::error::Result;
use crate::graphql::loaders::{FormerPersonKey, Person, PersonKey};
use crate::graphql::scalars::Url;
use crate::graphql::view::View;

use super::enums::AttributionKind;
use super::user::User;

/// What a byline says of somebody whose name was not kept: whose row was removed by something else than this server.
const FORMER_USER: &str = "Former user";
/// What a byline says of the server itself.
const SYSTEM: &str = "System";

/// Who did, wrote or owns something. Never null, so that a byline can always be rendered.
/// It is a value and not an entity: it has no `id` and is not cached by identity.
#[derive(SimpleObject, Clone)]
pub struct Attribution {
    /// What kind of party this is.
    kind: AttributionKind,
    /// Name to display; for an access token its name and its owner's. Survives dismissal, deletion (as recorded at the time) and the hiding of `user`.
    display_name: String,
    /// Initials for a fallback picture.
    initials: String,
    /// Picture; null when there is none or the viewer may not see `user`.
    avatar_url: Option<Url>,
    /// The user behind the name; for an access token its owner. Null when there is none, they no longer exist, or are
    /// somebody whom the viewer may not see. These cases are deliberately indistinguishable.
    user: Option<User>,
}

impl Attribution {
    /// The byline of somebody, of any status.
    pub async fn of_person(by: &View, id: UserId) -> Result<Attribution> {
        // Names of deleted people are asked for when there is nobody of that ID, and for all such bylines at once.
        match by.ask(PersonKey(id)).await? {
            Some(person) => Ok(Attribution::of_known(by, id, Some(&person))),
            None if id == UserId::SYSTEM => Ok(Attribution::of_known(by, id, None)),
            None => Ok(Attribution::of_former(by.ask(FormerPersonKey(id)).await?.as_deref())),
        }
    }

    /// The bylines of several people, in the order given.
    pub async fn of_people(by: &View, ids: &[UserId]) -> Result<Vec<Attribution>> {
        futures_util::future::try_join_all(ids.iter().map(|id| Attribution::of_person(by, *id))).await
    }

    /// The byline of whoever did something.
    pub async fn of_actor(by: &View, actor: &Actor) -> Result<Attribution> {
        match actor {
            Actor::User(id) => Attribution::of_person(by, *id).await,
            Actor::System => Attribution::of_person(by, UserId::SYSTEM).await,
            Actor::Token { owner, name, .. } => {
                let owner = Attribution::of_person(by, *owner).await?;
                Ok(Attribution {
                    kind: AttributionKind::AccessToken,
                    display_name: format!("{name} ({})", owner.display_name),
                    initials: text::initials(name),
                    ..owner
                })
            }
        }
    }

    /// The byline of somebody whose account is gone: like that of somebody whom the viewer may not see (rule L2).
    fn of_former(former: Option<&FormerPerson>) -> Attribution {
        let display_name = former.map_or_else(|| FORMER_USER.to_owned(), |former| former.display_name.clone());
        Attribution { kind: AttributionKind::User, initials: text::initials(&display_name), display_name, avatar_url: None, user: None }
    }

    /// The byline of somebody who was looked for.
    pub fn of_known(by: &View, id: UserId, person: Option<&Person>) -> Attribution {
        let kind = if id == UserId::SYSTEM { AttributionKind::System } else { AttributionKind::User };
        let display_name = match (person, kind) {
            (Some(person), _) => person.display_name(),
            (None, AttributionKind::System) => SYSTEM.to_owned(),
            (None, AttributionKind::User | AttributionKind::AccessToken) => FORMER_USER.to_owned(),
        };
        let user = person.and_then(Person::visible).map(|person| User::new(by, person.clone()));
        let avatar_url = user.as_ref().and_then(|user| user.person().user().avatar_url.clone()).map(Url);
        Attribution { kind, initials: text::initials(&display_name), display_name, avatar_url, user }
    }
}
