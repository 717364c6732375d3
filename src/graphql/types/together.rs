//! Meetings and posts.

use std::sync::Arc;

use async_graphql::{ID, Object};
use tenure_core::work;

use crate::graphql::connection::connection;
use crate::graphql::error::Result;
use crate::graphql::lists::{FeedList, MeetingList};
use crate::graphql::loaders::{AttendeesKey, WorkgroupKey};
use crate::graphql::scalars::DateTime;
use crate::graphql::view::View;

use super::{Attribution, Workgroup};

/// A meeting.
#[derive(Clone)]
pub struct Meeting {
    by: View,
    row: Arc<work::Meeting>,
}

impl Meeting {
    /// A meeting that this viewer may see.
    pub fn new(by: &View, row: Arc<work::Meeting>) -> Meeting {
        Meeting { by: by.clone(), row }
    }
}

/// A meeting.
#[Object]
impl Meeting {
    /// Global ID, `mtg_…`.
    pub async fn id(&self) -> ID {
        self.row.id.into()
    }

    /// Title.
    async fn title(&self) -> &str {
        &self.row.title
    }

    /// Start.
    async fn starts_at(&self) -> DateTime {
        self.row.starts_at.into()
    }

    /// End.
    async fn ends_at(&self) -> DateTime {
        self.row.ends_at.into()
    }

    /// Who organised it.
    async fn organizer(&self) -> Result<Attribution> {
        Attribution::of_person(&self.by, self.row.organizer).await
    }

    /// Who was invited, at most 200.
    async fn attendees(&self) -> Result<Vec<Attribution>> {
        match self.by.ask(AttendeesKey(self.row.id)).await? {
            Some(people) => Attribution::of_people(&self.by, &people).await,
            None => Ok(Vec::new()),
        }
    }
}

connection! {
    /// A page of meetings.
    MeetingConnection,
    /// One entry of a `MeetingConnection`.
    MeetingEdge: MeetingList => Meeting, |pages, row| Meeting::new(pages.by(), row)
}

/// A post in the feed of a workgroup, or of the company.
#[derive(Clone)]
pub struct FeedPost {
    by: View,
    row: Arc<work::FeedPost>,
}

impl FeedPost {
    /// A post that this viewer may see.
    pub fn new(by: &View, row: Arc<work::FeedPost>) -> FeedPost {
        FeedPost { by: by.clone(), row }
    }
}

/// A post in the feed of a workgroup, or of the company.
#[Object]
impl FeedPost {
    /// Global ID, `pst_…`.
    pub async fn id(&self) -> ID {
        self.row.id.into()
    }

    /// Text.
    async fn text(&self) -> &str {
        &self.row.text
    }

    /// Who wrote it.
    async fn author(&self) -> Result<Attribution> {
        Attribution::of_person(&self.by, self.row.author).await
    }

    /// When.
    async fn created_at(&self) -> DateTime {
        self.row.created_at.into()
    }

    /// The workgroup it was posted to; null for the company feed.
    async fn workgroup(&self) -> Option<Result<Workgroup>> {
        let row = self.by.ask(WorkgroupKey(self.row.workgroup?)).await.transpose()?;
        Some(row.map(|row| Workgroup::new(&self.by, row)))
    }
}

connection! {
    /// A page of feed posts.
    FeedPostConnection,
    /// One entry of a `FeedPostConnection`.
    FeedPostEdge: FeedList => FeedPost, |pages, row| FeedPost::new(pages.by(), row)
}
