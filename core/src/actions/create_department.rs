//! `createDepartment`.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use crate::engine::{Action, Change, Locks, Outcome};
use crate::id::{DepartmentId, UserId};
use crate::permission::Permission;
use crate::rejection::{Code, Failure, Faults, Reasons, Refusal, Rejection};
use crate::storage::{Read, StorageError, Unique};
use crate::structure::Department;
use crate::text;
use crate::user::User;

/// Creates a department.
#[derive(Debug, Clone)]
pub struct CreateDepartment {
    name: String,
    parent: Option<DepartmentId>,
    head: Option<UserId>,
}

/// What came of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DepartmentCreated {
    /// The department.
    #[serde(skip)]
    pub department: Option<Department>,
}

impl Outcome for DepartmentCreated {}

impl CreateDepartment {
    /// Checks the shape.
    pub fn parse(name: &str, parent: Option<DepartmentId>, head: Option<UserId>) -> Result<CreateDepartment, Refusal> {
        let mut faults = Faults::new();
        let name = faults.take("name", text::line(name, text::LABEL_MAX)).unwrap_or_default();
        faults.finish().map(|()| CreateDepartment { name, parent, head })
    }
}

#[async_trait]
impl Action for CreateDepartment {
    type Output = DepartmentCreated;
    const NAME: &'static str = "createDepartment";
    const REQUIRES: &'static [Permission] = &[Permission::StructureManage];
    const CODES: &'static [Code] = &[Code::InputInvalid, Code::DepartmentNotFound, Code::NameTaken, Code::HeadNotEligible];

    async fn locks(&self, _read: &dyn Read) -> Result<Locks, Failure> {
        Ok(Locks::new().shared_all(self.head))
    }

    async fn run(&self, change: &mut Change<'_>) -> Result<DepartmentCreated, Failure> {
        let mut reasons = Reasons::new();
        if let Some(parent) = self.parent {
            let unknown = change.read().departments_by_id(&[parent]).await?.is_empty();
            reasons.add_if(unknown, || Rejection::at(Code::DepartmentNotFound, "parentId", "No such department."));
        }
        reasons.check(Self::CODES, None)?;
        if let Some(head) = self.head {
            let eligible = change.held(head).is_some_and(User::is_active_employee);
            reasons.add_if(!eligible, || Rejection::at(Code::HeadNotEligible, "headId", "The head must be an active employee."));
        }
        let department = Department { id: DepartmentId(change.new_uuid()), name: self.name.clone(), parent: self.parent, head: self.head };
        match change.tx().departments_insert(std::slice::from_ref(&department)).await {
            Err(StorageError::Taken(Unique::DepartmentName)) => {
                reasons.add(Rejection::at(Code::NameTaken, "name", "A department of that name exists there."));
            }
            other => other?,
        }
        reasons.check(Self::CODES, None)?;
        Ok(DepartmentCreated { department: Some(department) })
    }
}
