//! People. A [`User`] is made of a [`Visible`] person alone: nobody is shown whom policy did not admit (rule V4).

use std::sync::Arc;

use async_graphql::{ID, Object};
use tenure_core::policy::{Ability, Visible};
use tenure_core::record::TaskRole as Role;
use tenure_core::steps::input::each_once;
use tenure_core::text;
use tenure_core::user as stored;

use crate::graphql::connection::{PageArguments, connection};
use crate::graphql::cursor::ListName;
use crate::graphql::error::Result;
use crate::graphql::filters::{OwnedEntityFilter, OwnedEntityOrder, UserEventFilter};
use crate::graphql::id::not_empty;
use crate::graphql::lists::{EventList, FeedList, MeetingList, MembershipList, MessageList, RecordList, RecordsOf, UserList};
use crate::graphql::loaders::{ConversationWithKey, DepartmentKey, InvitationKey, SettingsKey};
use crate::graphql::mutation::{DismissErrorCode, HireErrorCode, MoveToExtranetErrorCode};
use crate::graphql::scalars::{DateTime, EmailAddress, Url};
use crate::graphql::view::View;

use super::enums::{Permission, TaskRole, UserKind, UserStatus};
use super::{
    Attribution, Department, Dismissal, FeedPostConnection, FileConnection, Invitation, MeetingConnection, MessageConnection, Offboarding,
    OwnedEntityConnection, TaskConnection, UserEventConnection, WorkgroupMembershipConnection, user_abilities,
};

/// A person as somebody sees them.
#[derive(Clone)]
pub struct User {
    by: View,
    person: Arc<Visible<stored::User>>,
}

impl User {
    /// A person whom this viewer was shown.
    pub fn new(by: &View, person: Arc<Visible<stored::User>>) -> User {
        User { by: by.clone(), person }
    }

    /// The person.
    pub fn person(&self) -> &Visible<stored::User> {
        &self.person
    }

    fn row(&self) -> &stored::User {
        self.person.user()
    }

    fn allows(&self, ability: Ability) -> bool {
        self.person.allows(self.by.access(), ability)
    }

    /// The list of somebody's records, or an empty one of the same name.
    fn work(&self, of: RecordsOf, name: ListName) -> RecordsOf {
        if self.person.shows_work(self.by.access()) { of } else { RecordsOf::Nobody(name) }
    }
}

/// A person with an account.
#[Object]
impl User {
    /// Global ID, `usr_…`.
    pub async fn id(&self) -> ID {
        self.row().id.into()
    }

    /// Increases by one with each operation that changes name, title, picture, department, manager, kind, status, addresses or rights; memberships, records and sessions leave it alone. Pass it as `expectedVersion`.
    async fn version(&self) -> i32 {
        self.row().version
    }

    /// Full name to display.
    async fn display_name(&self) -> String {
        self.row().display_name()
    }

    /// Given name.
    async fn first_name(&self) -> &str {
        &self.row().first_name
    }

    /// Family name.
    async fn last_name(&self) -> &str {
        &self.row().last_name
    }

    /// Initials for a fallback picture.
    async fn initials(&self) -> String {
        text::initials(&self.row().display_name())
    }

    /// Picture; null when none was set.
    async fn avatar_url(&self) -> Option<Url> {
        self.row().avatar_url.clone().map(Url)
    }

    /// Job title.
    async fn job_title(&self) -> Option<&str> {
        self.row().job_title.as_deref()
    }

    /// Lifecycle status.
    async fn status(&self) -> UserStatus {
        self.row().status.into()
    }

    /// Intranet or extranet.
    async fn kind(&self) -> UserKind {
        self.row().kind.into()
    }

    /// Whether the user administers the account.
    async fn is_administrator(&self) -> bool {
        self.row().is_administrator
    }

    /// What the user may do now, from all sources, with what is contained in it. Null unless the viewer is the user or an administrator.
    async fn permissions(&self) -> Option<Result<Vec<Permission>>> {
        if !self.allows(Ability::SeeRights) {
            return None;
        }
        let settings = match self.by.get(SettingsKey(())).await {
            Ok(settings) => settings,
            Err(fault) => return Some(Err(fault)),
        };
        let permissions = self.person.permissions(self.by.access(), &settings)?;
        Some(Ok(permissions.iter().map(Permission::from).collect()))
    }

    /// What was granted in person: the list that `setAccess` replaces. Null unless the viewer is the user or an administrator.
    async fn personal_permissions(&self) -> Option<Vec<Permission>> {
        Some(self.person.personal_permissions(self.by.access())?.iter().map(Permission::from).collect())
    }

    /// Whether this is the viewer.
    async fn is_viewer(&self) -> bool {
        self.row().id == self.by.access().person()
    }

    /// Address shown to colleagues. For a dismissed user only with EMAILS_MANAGE or USERS_DISMISS.
    async fn contact_email(&self) -> Option<EmailAddress> {
        self.person.contact_email(self.by.access()).map(EmailAddress::from)
    }

    /// Address used to sign in. Only the user themself and holders of EMAILS_MANAGE see it; null also when there is none.
    async fn login_email(&self) -> Option<EmailAddress> {
        self.person.login_email(self.by.access()).map(EmailAddress::from)
    }

    /// Department; null for external people.
    async fn department(&self) -> Option<Result<Department>> {
        let id = self.person.department(self.by.access())?;
        let row = self.by.ask(DepartmentKey(id)).await.transpose()?;
        Some(row.map(|row| Department::new(&self.by, row)))
    }

    /// Manager; null when there is none.
    async fn manager(&self) -> Option<Result<Attribution>> {
        let id = self.person.manager(self.by.access())?;
        Some(Attribution::of_person(&self.by, id).await)
    }

    /// When the account was created.
    async fn created_at(&self) -> DateTime {
        self.row().created_at.into()
    }

    /// When the user was last changed.
    async fn updated_at(&self) -> DateTime {
        self.row().updated_at.into()
    }

    /// The pending invitation; null without USERS_INVITE or when there is none.
    async fn invitation(&self) -> Option<Result<Invitation>> {
        if !self.allows(Ability::SeeInvitation) {
            return None;
        }
        let row = self.by.ask(InvitationKey(self.row().id)).await.transpose()?;
        Some(row.map(|row| Invitation::new(&self.by, row)))
    }

    /// The dismissal in force; null without USERS_DISMISS or when not dismissed.
    async fn dismissal(&self) -> Option<Dismissal> {
        self.person.dismissal(self.by.access()).map(|dismissal| Dismissal::new(&self.by, dismissal))
    }

    /// What a dismissal would touch, or what is left to do after one; null without USERS_DISMISS or ENTITIES_REASSIGN.
    async fn offboarding(&self) -> Option<Offboarding> {
        self.allows(Ability::SeeOffboarding).then(|| Offboarding::new(&self.by, self.person.clone()))
    }

    /// People who report to this user. Null for external viewers.
    async fn direct_reports(
        &self,
        #[graphql(desc = "Page size from the start, 1 to 100. 20 when neither `first` nor `last` is given.")] first: Option<i32>,
        #[graphql(desc = "Return edges after this cursor.")] after: Option<String>,
        #[graphql(desc = "Page size from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Return edges before this cursor.")] before: Option<String>,
    ) -> Option<Result<UserConnection>> {
        let page = PageArguments::new(first, after, last, before);
        let shown = self.person.shows_reports(self.by.access());
        shown.then(|| UserConnection::new(&self.by, UserList::DirectReports(self.row().id), &page))
    }

    /// Records this user is responsible for, whatever the user's status. Null without ENTITIES_READ, except for one's own.
    async fn owned_entities(
        &self,
        #[graphql(desc = "Page size from the start, 1 to 100. 20 when neither `first` nor `last` is given.")] first: Option<i32>,
        #[graphql(desc = "Return edges after this cursor.")] after: Option<String>,
        #[graphql(desc = "Page size from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Return edges before this cursor.")] before: Option<String>,
        #[graphql(desc = "Conditions, all of which must hold. `responsibleIds` must not be given here.")] filter: Option<OwnedEntityFilter>,
        #[graphql(desc = "Default: last changed first.")] order_by: Option<OwnedEntityOrder>,
    ) -> Option<Result<OwnedEntityConnection>> {
        if !self.allows(Ability::SeeRecords) {
            return None;
        }
        let page = PageArguments::new(first, after, last, before);
        let list = async {
            let filter = filter.unwrap_or_default().read_below_user(&self.by).await?;
            let list =
                RecordList { of: RecordsOf::Responsible(self.row().id), filter: Arc::new(filter), order: OwnedEntityOrder::read(order_by) };
            OwnedEntityConnection::new(&self.by, list, &page)
        };
        Some(list.await)
    }

    /// Tasks the user takes or took part in, in any role. Kept after dismissal.
    async fn tasks(
        &self,
        #[graphql(desc = "Page size from the start, 1 to 100. 20 when neither `first` nor `last` is given.")] first: Option<i32>,
        #[graphql(desc = "Return edges after this cursor.")] after: Option<String>,
        #[graphql(desc = "Page size from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Return edges before this cursor.")] before: Option<String>,
        #[graphql(desc = "Any of these roles; all when left out.")] roles: Option<Vec<TaskRole>>,
    ) -> Result<TaskConnection> {
        let page = PageArguments::new(first, after, last, before);
        let roles: Arc<[Role]> = match roles {
            None => [Role::Responsible, Role::Creator, Role::Participant, Role::Observer].into(),
            Some(roles) => {
                not_empty(&roles, "roles")?;
                each_once(roles.into_iter().map(Role::from)).into()
            }
        };
        let of = self.work(RecordsOf::TasksOf(self.row().id, roles), ListName::TasksOfUser);
        TaskConnection::new(&self.by, RecordList::last_changed_first(of), &page)
    }

    /// Meetings the user organised or attended, latest first. Kept after dismissal.
    async fn meetings(
        &self,
        #[graphql(desc = "Page size from the start, 1 to 100. 20 when neither `first` nor `last` is given.")] first: Option<i32>,
        #[graphql(desc = "Return edges after this cursor.")] after: Option<String>,
        #[graphql(desc = "Page size from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Return edges before this cursor.")] before: Option<String>,
    ) -> Result<MeetingConnection> {
        let page = PageArguments::new(first, after, last, before);
        let shown = self.person.shows_work(self.by.access());
        let list = if shown { MeetingList::Of(self.row().id) } else { MeetingList::Hidden };
        MeetingConnection::new(&self.by, list, &page)
    }

    /// Files the user created, latest first. Kept after dismissal.
    async fn files(
        &self,
        #[graphql(desc = "Page size from the start, 1 to 100. 20 when neither `first` nor `last` is given.")] first: Option<i32>,
        #[graphql(desc = "Return edges after this cursor.")] after: Option<String>,
        #[graphql(desc = "Page size from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Return edges before this cursor.")] before: Option<String>,
    ) -> Result<FileConnection> {
        let page = PageArguments::new(first, after, last, before);
        let of = self.work(RecordsOf::FilesCreatedBy(self.row().id), ListName::FilesOfUser);
        FileConnection::new(&self.by, RecordList::latest_first(of), &page)
    }

    /// Feed posts the user wrote, latest first. Kept after dismissal.
    async fn feed_posts(
        &self,
        #[graphql(desc = "Page size from the start, 1 to 100. 20 when neither `first` nor `last` is given.")] first: Option<i32>,
        #[graphql(desc = "Return edges after this cursor.")] after: Option<String>,
        #[graphql(desc = "Page size from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Return edges before this cursor.")] before: Option<String>,
    ) -> Result<FeedPostConnection> {
        let page = PageArguments::new(first, after, last, before);
        let shown = self.person.shows_work(self.by.access());
        let list = if shown { FeedList::By(self.row().id) } else { FeedList::Hidden };
        FeedPostConnection::new(&self.by, list, &page)
    }

    /// Workgroups the user belongs or belonged to (`leftAt`); those that the viewer may see.
    async fn workgroups(
        &self,
        #[graphql(desc = "Page size from the start, 1 to 100. 20 when neither `first` nor `last` is given.")] first: Option<i32>,
        #[graphql(desc = "Return edges after this cursor.")] after: Option<String>,
        #[graphql(desc = "Page size from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Return edges before this cursor.")] before: Option<String>,
    ) -> Result<WorkgroupMembershipConnection> {
        let page = PageArguments::new(first, after, last, before);
        let shown = self.person.shows_work(self.by.access());
        let list = if shown { MembershipList::OfUser(self.row().id) } else { MembershipList::Hidden };
        WorkgroupMembershipConnection::new(&self.by, list, &page)
    }

    /// What happened to this user's account, latest first. Null without AUDIT_READ or USERS_DISMISS, except for one's own (without dismissal details).
    async fn events(
        &self,
        #[graphql(desc = "Page size from the start, 1 to 100. 20 when neither `first` nor `last` is given.")] first: Option<i32>,
        #[graphql(desc = "Return edges after this cursor.")] after: Option<String>,
        #[graphql(desc = "Page size from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Return edges before this cursor.")] before: Option<String>,
        #[graphql(desc = "Conditions, all of which must hold.")] filter: Option<UserEventFilter>,
    ) -> Option<Result<UserEventConnection>> {
        if !self.allows(Ability::SeeHistory) {
            return None;
        }
        let page = PageArguments::new(first, after, last, before);
        let events = async {
            let filter = Arc::new(filter.unwrap_or_default().read(&self.by).await?);
            UserEventConnection::new(&self.by, EventList { subject: Some(self.row().id), filter }, &page)
        };
        Some(events.await)
    }

    /// The viewer's own conversation with this user, latest first. Nobody, administrators included, reads other people's conversations here.
    async fn messages(
        &self,
        #[graphql(desc = "Page size from the start, 1 to 100. 20 when neither `first` nor `last` is given.")] first: Option<i32>,
        #[graphql(desc = "Return edges after this cursor.")] after: Option<String>,
        #[graphql(desc = "Page size from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Return edges before this cursor.")] before: Option<String>,
    ) -> Option<Result<MessageConnection>> {
        let page = PageArguments::new(first, after, last, before);
        let messages = async {
            self.by.require_person()?;
            let conversation = self.by.ask(ConversationWithKey(self.row().id)).await?;
            let list = conversation.map_or(MessageList::Nothing, |row| MessageList::With(row.id));
            MessageConnection::new(&self.by, list, &page)
        };
        Some(messages.await)
    }

    /// Whether the viewer may dismiss this user now.
    async fn viewer_can_dismiss(&self) -> Result<bool> {
        Ok(user_abilities::against_dismissing(&self.by, &self.person).await?.is_empty())
    }

    /// All reasons why `viewerCanDismiss` is false; empty when it is true. The mutation answers one of them.
    async fn viewer_cannot_dismiss_reasons(&self) -> Result<Vec<DismissErrorCode>> {
        let codes = user_abilities::against_dismissing(&self.by, &self.person).await?;
        Ok(codes.into_iter().filter_map(DismissErrorCode::of).collect())
    }

    /// Whether the viewer may hire this user back now.
    async fn viewer_can_hire(&self) -> Result<bool> {
        Ok(user_abilities::against_hiring(&self.by, &self.person).await?.is_empty())
    }

    /// All reasons why `viewerCanHire` is false; empty when it is true. The mutation answers one of them.
    async fn viewer_cannot_hire_reasons(&self) -> Result<Vec<HireErrorCode>> {
        let codes = user_abilities::against_hiring(&self.by, &self.person).await?;
        Ok(codes.into_iter().filter_map(HireErrorCode::of).collect())
    }

    /// Whether the viewer may reassign this user's records.
    async fn viewer_can_reassign(&self) -> bool {
        self.person.may_be_relieved_by(self.by.access())
    }

    /// Whether the viewer may move this user to the extranet now.
    async fn viewer_can_move_to_extranet(&self) -> Result<bool> {
        Ok(user_abilities::against_moving_to_extranet(&self.by, &self.person).await?.is_empty())
    }

    /// All reasons why `viewerCanMoveToExtranet` is false; empty when it is true. The mutation answers one of them.
    async fn viewer_cannot_move_to_extranet_reasons(&self) -> Result<Vec<MoveToExtranetErrorCode>> {
        let codes = user_abilities::against_moving_to_extranet(&self.by, &self.person).await?;
        Ok(codes.into_iter().filter_map(MoveToExtranetErrorCode::of).collect())
    }
}

connection! {
    /// A page of users.
    UserConnection,
    /// One entry of a `UserConnection`.
    UserEdge: UserList => User, |pages, row| User::new(pages.by(), row)
}
