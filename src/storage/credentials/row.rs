//! Credentials, as rows.

use tenure_core::credential::{AccessToken, Invitation, PendingLink, RefreshToken, Session};
use tenure_core::email::Email;
use tenure_core::id::{AccessTokenId, SessionId, UserId};
use tenure_core::permission::PermissionSet;
use tenure_core::secret::LinkPurpose;
use tenure_core::storage::Result;
use tenure_core::time::Timestamp;
use tenure_entity::{access_token, invitation, link, session};

use crate::storage::error::corrupt;
use crate::storage::row::{ActorColumns, Row, secret_hash};

/// What [`session`] reads, from `session m`.
pub(super) const SESSION_COLUMNS: &str = "m.id, m.user_id, m.epoch, m.created_at, m.expires_at, m.ended_at";

/// What [`access_token`] reads, from `access_token m`.
pub(super) const TOKEN_COLUMNS: &str =
    "m.id, m.owner_id, m.name, m.prefix, m.hash, m.permissions, m.created_at, m.expires_at, m.last_used_at, m.revoked_at";

pub(super) fn session(row: &mut Row<'_>) -> Result<Session> {
    Ok(Session {
        id: SessionId(row.uuid()?),
        user: UserId(row.uuid()?),
        epoch: row.take()?,
        created_at: row.time()?,
        expires_at: row.time()?,
        ended_at: row.optional_time()?,
    })
}

pub(super) fn session_model(session: &Session) -> session::Model {
    session::Model {
        id: session.id.0,
        user_id: session.user.0,
        epoch: session.epoch,
        created_at: session.created_at.0,
        expires_at: session.expires_at.0,
        ended_at: session.ended_at.map(|at| at.0),
    }
}

pub(super) fn refresh_token(row: &mut Row<'_>) -> Result<RefreshToken> {
    Ok(RefreshToken { hash: secret_hash(row.take()?)?, session: SessionId(row.uuid()?), used_at: row.optional_time()? })
}

pub(super) fn access_token(row: &mut Row<'_>) -> Result<AccessToken> {
    Ok(AccessToken {
        id: AccessTokenId(row.uuid()?),
        owner: UserId(row.uuid()?),
        name: row.take()?,
        prefix: row.take()?,
        hash: secret_hash(row.take()?)?,
        permissions: PermissionSet::from_bits(row.take()?),
        created_at: row.time()?,
        expires_at: row.time()?,
        last_used_at: row.optional_time()?,
        revoked_at: row.optional_time()?,
    })
}

pub(super) fn access_token_model(token: &AccessToken) -> access_token::Model {
    access_token::Model {
        id: token.id.0,
        owner_id: token.owner.0,
        name: token.name.clone(),
        prefix: token.prefix.clone(),
        hash: token.hash.0.to_vec(),
        permissions: token.permissions.bits(),
        created_at: token.created_at.0,
        expires_at: token.expires_at.0,
        last_used_at: token.last_used_at.map(|at| at.0),
        revoked_at: token.revoked_at.map(|at| at.0),
    }
}

pub(super) fn invitation(model: invitation::Model) -> Result<Invitation> {
    let by = ActorColumns {
        kind: model.invited_by_kind,
        person: model.invited_by_person,
        token: model.invited_by_token,
        name: model.invited_by_name,
    };
    Ok(Invitation {
        user: UserId(model.user_id),
        email: Email::from_stored(model.address, model.address_key),
        invited_by: by.actor()?,
        token_hash: secret_hash(model.token_hash)?,
        sent_at: Timestamp(model.sent_at),
        expires_at: Timestamp(model.expires_at),
    })
}

pub(super) fn invitation_model(invitation: &Invitation) -> invitation::Model {
    let by = ActorColumns::from(&invitation.invited_by);
    invitation::Model {
        user_id: invitation.user.0,
        address: invitation.email.address().to_owned(),
        address_key: invitation.email.key().to_owned(),
        invited_by_kind: by.kind,
        invited_by_person: by.person,
        invited_by_token: by.token,
        invited_by_name: by.name,
        token_hash: invitation.token_hash.0.to_vec(),
        sent_at: invitation.sent_at.0,
        expires_at: invitation.expires_at.0,
    }
}

/// The number to store.
pub(super) fn purpose_code(purpose: LinkPurpose) -> i16 {
    match purpose {
        LinkPurpose::Invitation => 0,
        LinkPurpose::LoginEmail => 1,
        LinkPurpose::PasswordReset => 2,
    }
}

pub(super) fn link(model: link::Model) -> Result<PendingLink> {
    let purpose = LinkPurpose::PENDING.into_iter().find(|p| purpose_code(*p) == model.purpose);
    Ok(PendingLink {
        user: UserId(model.user_id),
        purpose: purpose.ok_or_else(|| corrupt("purpose of a link"))?,
        email: Email::from_stored(model.address, model.address_key),
        token_hash: secret_hash(model.token_hash)?,
        sent_at: Timestamp(model.sent_at),
        expires_at: Timestamp(model.expires_at),
    })
}

pub(super) fn link_model(link: &PendingLink) -> link::Model {
    link::Model {
        user_id: link.user.0,
        purpose: purpose_code(link.purpose),
        address: link.email.address().to_owned(),
        address_key: link.email.key().to_owned(),
        token_hash: link.token_hash.0.to_vec(),
        sent_at: link.sent_at.0,
        expires_at: link.expires_at.0,
    }
}
