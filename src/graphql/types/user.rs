//! People. A [`User`] is made of a [`Visible`] person alone: nobody is shown whom policy did not admit (rule V4).

use std::sync::Arc;

use async_graphql::{ID, Object};
use tenure_core::policy::{Ability, Visible};
use tenure_core::record::TaskRole as Role;
use tenure_core::text;
use tenure_core::user as stored;

use crate::graphql::connection::{PageArguments, connection};
use crate::graphql::cursor::ListName;
use crate::graphql::error::Result;
use crate::graphql::filters::{OwnedEntityFilter, OwnedEntityOrder};
use crate::graphql::id::not_empty;
use crate::graphql::lists::{MembershipList, RecordList, RecordsOf, UserList};
use crate::graphql::loaders::{DepartmentKey, InvitationKey, SettingsKey};
use crate::graphql::mutation::{DismissErrorCode, HireErrorCode, MoveToExtranetErrorCode};
use crate::graphql::scalars::{DateTime, EmailAddress, Url};
use crate::graphql::view::View;

use super::enums::{Permission, TaskRole, UserKind, UserStatus};
use super::{
    Attribution, Department, Dismissal, FileConnection, Invitation, Offboarding, OwnedEntityConnection, TaskConnection,
    WorkgroupMembershipConnection, user_abilities,
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

//D User
#[Object]
impl User {
    //D User.id
    async fn id(&self) -> ID {
        self.row().id.into()
    }

    //D User.version
    async fn version(&self) -> i32 {
        self.row().version
    }

    //D User.displayName
    async fn display_name(&self) -> String {
        self.row().display_name()
    }

    //D User.firstName
    async fn first_name(&self) -> &str {
        &self.row().first_name
    }

    //D User.lastName
    async fn last_name(&self) -> &str {
        &self.row().last_name
    }

    //D User.initials
    async fn initials(&self) -> String {
        text::initials(&self.row().display_name())
    }

    //D User.avatarUrl
    async fn avatar_url(&self) -> Option<Url> {
        self.row().avatar_url.clone().map(Url)
    }

    //D User.jobTitle
    async fn job_title(&self) -> Option<&str> {
        self.row().job_title.as_deref()
    }

    //D User.status
    async fn status(&self) -> UserStatus {
        self.row().status.into()
    }

    //D User.kind
    async fn kind(&self) -> UserKind {
        self.row().kind.into()
    }

    //D User.isAdministrator
    async fn is_administrator(&self) -> bool {
        self.row().is_administrator
    }

    //D User.permissions
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

    //D User.personalPermissions
    async fn personal_permissions(&self) -> Option<Vec<Permission>> {
        Some(self.person.personal_permissions(self.by.access())?.iter().map(Permission::from).collect())
    }

    //D User.isViewer
    async fn is_viewer(&self) -> bool {
        self.row().id == self.by.access().person()
    }

    //D User.contactEmail
    async fn contact_email(&self) -> Option<EmailAddress> {
        self.person.contact_email(self.by.access()).map(EmailAddress::from)
    }

    //D User.loginEmail
    async fn login_email(&self) -> Option<EmailAddress> {
        self.person.login_email(self.by.access()).map(EmailAddress::from)
    }

    //D User.department
    async fn department(&self) -> Option<Result<Department>> {
        let id = self.person.department(self.by.access())?;
        let row = self.by.ask(DepartmentKey(id)).await.transpose()?;
        Some(row.map(|row| Department::new(&self.by, row)))
    }

    //D User.manager
    async fn manager(&self) -> Option<Result<Attribution>> {
        let id = self.person.manager(self.by.access())?;
        Some(Attribution::of_person(&self.by, id).await)
    }

    //D User.createdAt
    async fn created_at(&self) -> DateTime {
        self.row().created_at.into()
    }

    //D User.updatedAt
    async fn updated_at(&self) -> DateTime {
        self.row().updated_at.into()
    }

    //D User.invitation
    async fn invitation(&self) -> Option<Result<Invitation>> {
        if !self.allows(Ability::SeeInvitation) {
            return None;
        }
        let row = self.by.ask(InvitationKey(self.row().id)).await.transpose()?;
        Some(row.map(|row| Invitation::new(&self.by, row)))
    }

    //D User.dismissal
    async fn dismissal(&self) -> Option<Dismissal> {
        self.person.dismissal(self.by.access()).map(|dismissal| Dismissal::new(&self.by, dismissal))
    }

    //D User.offboarding
    async fn offboarding(&self) -> Option<Offboarding> {
        self.allows(Ability::SeeOffboarding).then(|| Offboarding::new(&self.by, self.person.clone()))
    }

    //D User.directReports
    async fn direct_reports(
        &self,
        //PAGE
    ) -> Option<Result<UserConnection>> {
        let page = PageArguments::new(first, after, last, before);
        let shown = self.person.shows_reports(self.by.access());
        shown.then(|| UserConnection::new(&self.by, UserList::DirectReports(self.row().id), &page))
    }

    //D User.ownedEntities
    async fn owned_entities(
        &self,
        //PAGE
        #A(User.ownedEntities.filter) filter: Option<OwnedEntityFilter>,
        #A(User.ownedEntities.orderBy) order_by: Option<OwnedEntityOrder>,
    ) -> Option<Result<OwnedEntityConnection>> {
        if !self.allows(Ability::SeeRecords) {
            return None;
        }
        let page = PageArguments::new(first, after, last, before);
        let list = async {
            let filter = filter.unwrap_or_default().read_below_user(&self.by, "filter").await?;
            let list = RecordList { of: RecordsOf::Responsible(self.row().id), filter: Arc::new(filter), order: OwnedEntityOrder::read(order_by) };
            OwnedEntityConnection::new(&self.by, list, &page)
        };
        Some(list.await)
    }

    //D User.tasks
    async fn tasks(
        &self,
        //PAGE
        #A(User.tasks.roles) roles: Option<Vec<TaskRole>>,
    ) -> Result<TaskConnection> {
        let page = PageArguments::new(first, after, last, before);
        let roles: Arc<[Role]> = match roles {
            None => [Role::Responsible, Role::Creator, Role::Participant, Role::Observer].into(),
            Some(roles) => {
                not_empty(&roles, "roles")?;
                roles.into_iter().map(Role::from).collect()
            }
        };
        let of = self.work(RecordsOf::TasksOf(self.row().id, roles), ListName::TasksOfUser);
        TaskConnection::new(&self.by, RecordList::last_changed_first(of), &page)
    }

    //D User.files
    async fn files(
        &self,
        //PAGE
    ) -> Result<FileConnection> {
        let page = PageArguments::new(first, after, last, before);
        let of = self.work(RecordsOf::FilesCreatedBy(self.row().id), ListName::FilesOfUser);
        FileConnection::new(&self.by, RecordList::latest_first(of), &page)
    }

    //D User.workgroups
    async fn workgroups(
        &self,
        //PAGE
    ) -> Result<WorkgroupMembershipConnection> {
        let page = PageArguments::new(first, after, last, before);
        let shown = self.person.shows_work(self.by.access());
        let list = if shown { MembershipList::OfUser(self.row().id) } else { MembershipList::Hidden };
        WorkgroupMembershipConnection::new(&self.by, list, &page)
    }

    //D User.viewerCanDismiss
    async fn viewer_can_dismiss(&self) -> Result<bool> {
        Ok(user_abilities::against_dismissing(&self.by, &self.person).await?.is_empty())
    }

    //D User.viewerCannotDismissReasons
    async fn viewer_cannot_dismiss_reasons(&self) -> Result<Vec<DismissErrorCode>> {
        let codes = user_abilities::against_dismissing(&self.by, &self.person).await?;
        Ok(codes.into_iter().filter_map(DismissErrorCode::of).collect())
    }

    //D User.viewerCanHire
    async fn viewer_can_hire(&self) -> Result<bool> {
        Ok(user_abilities::against_hiring(&self.by, &self.person).await?.is_empty())
    }

    //D User.viewerCannotHireReasons
    async fn viewer_cannot_hire_reasons(&self) -> Result<Vec<HireErrorCode>> {
        let codes = user_abilities::against_hiring(&self.by, &self.person).await?;
        Ok(codes.into_iter().filter_map(HireErrorCode::of).collect())
    }

    //D User.viewerCanReassign
    async fn viewer_can_reassign(&self) -> bool {
        self.person.may_be_relieved_by(self.by.access())
    }

    //D User.viewerCanMoveToExtranet
    async fn viewer_can_move_to_extranet(&self) -> Result<bool> {
        Ok(user_abilities::against_moving_to_extranet(&self.by, &self.person).await?.is_empty())
    }

    //D User.viewerCannotMoveToExtranetReasons
    async fn viewer_cannot_move_to_extranet_reasons(&self) -> Result<Vec<MoveToExtranetErrorCode>> {
        let codes = user_abilities::against_moving_to_extranet(&self.by, &self.person).await?;
        Ok(codes.into_iter().filter_map(MoveToExtranetErrorCode::of).collect())
    }
}

connection! {
    //D UserConnection
    UserConnection,
    //D UserEdge
    UserEdge: UserList => User, |pages, row| User::new(pages.by(), row)
}
