//! `createFeedPost`: to the company by employees, to a workgroup by its members (rules V3, V6).

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::engine::{Action, Change, Locks, Outcome};
use crate::id::{FeedPostId, WorkgroupId};
use crate::rejection::{Code, Failure, Faults, Reasons, Refusal, Rejection};
use crate::steps::memberships;
use crate::storage::Read;
use crate::text;
use crate::work::FeedPost;

/// Posts to a feed.
#[derive(Debug, Clone)]
pub struct CreateFeedPost {
    text: String,
    workgroup: Option<WorkgroupId>,
}

/// What came of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FeedPostCreated {
    /// Which post.
    pub id: FeedPostId,
    /// The post; None in a repeat, which reads it afresh (rule I8).
    #[serde(skip)]
    pub post: Option<FeedPost>,
}

impl Outcome for FeedPostCreated {}

impl CreateFeedPost {
    /// Checks the shape: 1 to 10,000 characters, in lines as given.
    pub fn parse(text: &str, workgroup: Option<WorkgroupId>) -> Result<CreateFeedPost, Refusal> {
        let mut faults = Faults::new();
        let text = faults.take("text", text::paragraph(text, text::TEXT_MAX)).unwrap_or_default();
        faults.finish().map(|()| CreateFeedPost { text, workgroup })
    }
}

#[async_trait]
impl Action for CreateFeedPost {
    type Output = FeedPostCreated;
    const NAME: &'static str = "createFeedPost";
    const PERSONAL: bool = true;
    const CODES: &'static [Code] =
        &[Code::WorkgroupNotFound, Code::NotPermitted, Code::InputInvalid, Code::IdempotencyKeyReused, Code::IdempotencyInProgress];

    async fn locks(&self, _read: &dyn Read) -> Result<Locks, Failure> {
        // The author's row is held by the engine: whoever ends their membership waits.
        Ok(Locks::new())
    }

    async fn run(&self, change: &mut Change<'_>) -> Result<FeedPostCreated, Failure> {
        let mut reasons = Reasons::new();
        let access = change.access()?.clone();
        let author = access.person();
        match self.workgroup {
            Some(workgroup) => {
                let places = memberships::of_user(change, author).await?;
                let belongs = places.iter().any(|m| m.workgroup == workgroup && m.left_at.is_none());
                reasons.add_if(!belongs, || Rejection::at(Code::WorkgroupNotFound, "workgroupId", "You belong to no such workgroup."));
            }
            None => reasons.add_if(!access.reads_company_feed(), || {
                Rejection::at(Code::NotPermitted, "workgroupId", "The company feed is for employees: name a workgroup.")
            }),
        }
        reasons.check(Self::CODES, None)?;

        let post = FeedPost {
            id: FeedPostId(change.new_uuid()),
            text: self.text.clone(),
            author,
            created_at: change.now(),
            workgroup: self.workgroup,
        };
        change.tx().feed_posts_insert(std::slice::from_ref(&post)).await?;
        Ok(FeedPostCreated { id: post.id, post: Some(post) })
    }
}
