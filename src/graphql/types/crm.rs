//! Leads, deals, contacts, companies, estimates, invoices.

use tenure_core::record::RecordDetail;

use crate::graphql::connection::PageArguments;
use crate::graphql::error::Result;
use crate::graphql::lists::{RecordList, RecordsOf};
use crate::graphql::scalars::{Date, EmailAddress, Url};

use super::record::record_type;
use super::{ActivityConnection, Money};

record_type! {
    /// A CRM lead.
    Lead,
    /// Global ID, `led_…`.
    id,
    /// Always LEAD.
    kind,
    {
        /// Where it came from, e.g. `website`.
        async fn source(&self) -> Option<String> {
            match &self.0.row.detail {
                RecordDetail::Lead { source, .. } => source.clone(),
                _ => None,
            }
        }

        /// Expected value.
        async fn value(&self) -> Option<Money> {
            match &self.0.row.detail {
                RecordDetail::Lead { value, .. } => value.as_ref().map(Money::from),
                _ => None,
            }
        }

        /// Activities linked to this lead, latest change first.
        async fn activities(
            &self,
            #[graphql(desc = "Page size from the start, 1 to 100. 20 when neither `first` nor `last` is given.")] first: Option<i32>,
            #[graphql(desc = "Return edges after this cursor.")] after: Option<String>,
            #[graphql(desc = "Page size from the end, 1 to 100.")] last: Option<i32>,
            #[graphql(desc = "Return edges before this cursor.")] before: Option<String>,
        ) -> Result<ActivityConnection> {
            let page = PageArguments::new(first, after, last, before);
            ActivityConnection::new(&self.0.by, RecordList::last_changed_first(RecordsOf::ActivitiesOf(self.0.row.id)), &page)
        }
    }
}

record_type! {
    /// A CRM deal.
    Deal,
    /// Global ID, `dea_…`.
    id,
    /// Always DEAL.
    kind,
    {
        /// Pipeline stage.
        async fn stage(&self) -> Option<String> {
            match &self.0.row.detail {
                RecordDetail::Deal { stage, .. } => stage.clone(),
                _ => None,
            }
        }

        /// Value.
        async fn value(&self) -> Option<Money> {
            match &self.0.row.detail {
                RecordDetail::Deal { value, .. } => value.as_ref().map(Money::from),
                _ => None,
            }
        }

        /// The company it is with.
        async fn company(&self) -> Option<Result<Company>> {
            let id = match &self.0.row.detail {
                RecordDetail::Deal { company, .. } => *company,
                _ => None,
            };
            let row = self.0.other(id).await.transpose()?;
            Some(row.map(|row| Company::new(&self.0.by, row)))
        }

        /// The person it is with.
        async fn contact(&self) -> Option<Result<Contact>> {
            let id = match &self.0.row.detail {
                RecordDetail::Deal { contact, .. } => *contact,
                _ => None,
            };
            let row = self.0.other(id).await.transpose()?;
            Some(row.map(|row| Contact::new(&self.0.by, row)))
        }

        /// Activities linked to this deal, latest change first.
        async fn activities(
            &self,
            #[graphql(desc = "Page size from the start, 1 to 100. 20 when neither `first` nor `last` is given.")] first: Option<i32>,
            #[graphql(desc = "Return edges after this cursor.")] after: Option<String>,
            #[graphql(desc = "Page size from the end, 1 to 100.")] last: Option<i32>,
            #[graphql(desc = "Return edges before this cursor.")] before: Option<String>,
        ) -> Result<ActivityConnection> {
            let page = PageArguments::new(first, after, last, before);
            ActivityConnection::new(&self.0.by, RecordList::last_changed_first(RecordsOf::ActivitiesOf(self.0.row.id)), &page)
        }
    }
}

record_type! {
    /// A CRM contact: a person at a customer.
    Contact,
    /// Global ID, `con_…`.
    id,
    /// Always CONTACT.
    kind,
    {
        /// Address.
        async fn email(&self) -> Option<EmailAddress> {
            match &self.0.row.detail {
                RecordDetail::Contact { email, .. } => email.as_ref().map(EmailAddress::from),
                _ => None,
            }
        }

        /// Telephone number.
        async fn phone(&self) -> Option<String> {
            match &self.0.row.detail {
                RecordDetail::Contact { phone, .. } => phone.clone(),
                _ => None,
            }
        }

        /// Employer.
        async fn company(&self) -> Option<Result<Company>> {
            let id = match &self.0.row.detail {
                RecordDetail::Contact { company, .. } => *company,
                _ => None,
            };
            let row = self.0.other(id).await.transpose()?;
            Some(row.map(|row| Company::new(&self.0.by, row)))
        }

        /// Activities linked to this contact, latest change first.
        async fn activities(
            &self,
            #[graphql(desc = "Page size from the start, 1 to 100. 20 when neither `first` nor `last` is given.")] first: Option<i32>,
            #[graphql(desc = "Return edges after this cursor.")] after: Option<String>,
            #[graphql(desc = "Page size from the end, 1 to 100.")] last: Option<i32>,
            #[graphql(desc = "Return edges before this cursor.")] before: Option<String>,
        ) -> Result<ActivityConnection> {
            let page = PageArguments::new(first, after, last, before);
            ActivityConnection::new(&self.0.by, RecordList::last_changed_first(RecordsOf::ActivitiesOf(self.0.row.id)), &page)
        }
    }
}

record_type! {
    /// A CRM company: a customer or supplier.
    Company,
    /// Global ID, `com_…`.
    id,
    /// Always COMPANY.
    kind,
    {
        /// Web site.
        async fn website(&self) -> Option<Url> {
            match &self.0.row.detail {
                RecordDetail::Company { website, .. } => website.clone().map(Url),
                _ => None,
            }
        }

        /// Industry.
        async fn industry(&self) -> Option<String> {
            match &self.0.row.detail {
                RecordDetail::Company { industry, .. } => industry.clone(),
                _ => None,
            }
        }

        /// Activities linked to this company, latest change first.
        async fn activities(
            &self,
            #[graphql(desc = "Page size from the start, 1 to 100. 20 when neither `first` nor `last` is given.")] first: Option<i32>,
            #[graphql(desc = "Return edges after this cursor.")] after: Option<String>,
            #[graphql(desc = "Page size from the end, 1 to 100.")] last: Option<i32>,
            #[graphql(desc = "Return edges before this cursor.")] before: Option<String>,
        ) -> Result<ActivityConnection> {
            let page = PageArguments::new(first, after, last, before);
            ActivityConnection::new(&self.0.by, RecordList::last_changed_first(RecordsOf::ActivitiesOf(self.0.row.id)), &page)
        }
    }
}

record_type! {
    /// A CRM estimate.
    Estimate,
    /// Global ID, `est_…`.
    id,
    /// Always ESTIMATE.
    kind,
    {
        /// Value.
        async fn value(&self) -> Option<Money> {
            match &self.0.row.detail {
                RecordDetail::Estimate { value, .. } => value.as_ref().map(Money::from),
                _ => None,
            }
        }

        /// The deal it belongs to.
        async fn deal(&self) -> Option<Result<Deal>> {
            let id = match &self.0.row.detail {
                RecordDetail::Estimate { deal, .. } => *deal,
                _ => None,
            };
            let row = self.0.other(id).await.transpose()?;
            Some(row.map(|row| Deal::new(&self.0.by, row)))
        }

        /// Last day it is good for.
        async fn valid_until(&self) -> Option<Date> {
            match &self.0.row.detail {
                RecordDetail::Estimate { valid_until, .. } => valid_until.map(Date),
                _ => None,
            }
        }

        /// Activities linked to this estimate, latest change first.
        async fn activities(
            &self,
            #[graphql(desc = "Page size from the start, 1 to 100. 20 when neither `first` nor `last` is given.")] first: Option<i32>,
            #[graphql(desc = "Return edges after this cursor.")] after: Option<String>,
            #[graphql(desc = "Page size from the end, 1 to 100.")] last: Option<i32>,
            #[graphql(desc = "Return edges before this cursor.")] before: Option<String>,
        ) -> Result<ActivityConnection> {
            let page = PageArguments::new(first, after, last, before);
            ActivityConnection::new(&self.0.by, RecordList::last_changed_first(RecordsOf::ActivitiesOf(self.0.row.id)), &page)
        }
    }
}

record_type! {
    /// A CRM invoice.
    Invoice,
    /// Global ID, `inv_…`.
    id,
    /// Always INVOICE.
    kind,
    {
        /// Value.
        async fn value(&self) -> Option<Money> {
            match &self.0.row.detail {
                RecordDetail::Invoice { value, .. } => value.as_ref().map(Money::from),
                _ => None,
            }
        }

        /// The deal it belongs to.
        async fn deal(&self) -> Option<Result<Deal>> {
            let id = match &self.0.row.detail {
                RecordDetail::Invoice { deal, .. } => *deal,
                _ => None,
            };
            let row = self.0.other(id).await.transpose()?;
            Some(row.map(|row| Deal::new(&self.0.by, row)))
        }

        /// Day it is due.
        async fn due_on(&self) -> Option<Date> {
            match &self.0.row.detail {
                RecordDetail::Invoice { due_on, .. } => due_on.map(Date),
                _ => None,
            }
        }

        /// Activities linked to this invoice, latest change first.
        async fn activities(
            &self,
            #[graphql(desc = "Page size from the start, 1 to 100. 20 when neither `first` nor `last` is given.")] first: Option<i32>,
            #[graphql(desc = "Return edges after this cursor.")] after: Option<String>,
            #[graphql(desc = "Page size from the end, 1 to 100.")] last: Option<i32>,
            #[graphql(desc = "Return edges before this cursor.")] before: Option<String>,
        ) -> Result<ActivityConnection> {
            let page = PageArguments::new(first, after, last, before);
            ActivityConnection::new(&self.0.by, RecordList::last_changed_first(RecordsOf::ActivitiesOf(self.0.row.id)), &page)
        }
    }
}
