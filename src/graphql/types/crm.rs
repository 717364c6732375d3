//! Leads, deals, contacts, companies, estimates, invoices.

use tenure_core::record::RecordDetail;

use crate::graphql::connection::PageArguments;
use crate::graphql::error::Result;
use crate::graphql::lists::{RecordList, RecordsOf};
use crate::graphql::scalars::{Date, EmailAddress, Url};

use super::record::record_type;
use super::{ActivityConnection, Money};

record_type! {
    //D Lead
    Lead,
    //D Lead.id
    id,
    //D Lead.kind
    kind,
    {
        //D Lead.source
        async fn source(&self) -> Option<String> {
            match &self.0.row.detail {
                RecordDetail::Lead { source, .. } => source.clone(),
                _ => None,
            }
        }

        //D Lead.value
        async fn value(&self) -> Option<Money> {
            match &self.0.row.detail {
                RecordDetail::Lead { value, .. } => value.as_ref().map(Money::from),
                _ => None,
            }
        }

        //D Lead.activities
        async fn activities(
            &self,
            //PAGE
        ) -> Result<ActivityConnection> {
            let page = PageArguments::new(first, after, last, before);
            ActivityConnection::new(&self.0.by, RecordList::last_changed_first(RecordsOf::ActivitiesOf(self.0.row.id)), &page)
        }
    }
}

record_type! {
    //D Deal
    Deal,
    //D Deal.id
    id,
    //D Deal.kind
    kind,
    {
        //D Deal.stage
        async fn stage(&self) -> Option<String> {
            match &self.0.row.detail {
                RecordDetail::Deal { stage, .. } => stage.clone(),
                _ => None,
            }
        }

        //D Deal.value
        async fn value(&self) -> Option<Money> {
            match &self.0.row.detail {
                RecordDetail::Deal { value, .. } => value.as_ref().map(Money::from),
                _ => None,
            }
        }

        //D Deal.company
        async fn company(&self) -> Option<Result<Company>> {
            let id = match &self.0.row.detail {
                RecordDetail::Deal { company, .. } => *company,
                _ => None,
            };
            let row = self.0.other(id).await.transpose()?;
            Some(row.map(|row| Company::new(&self.0.by, row)))
        }

        //D Deal.contact
        async fn contact(&self) -> Option<Result<Contact>> {
            let id = match &self.0.row.detail {
                RecordDetail::Deal { contact, .. } => *contact,
                _ => None,
            };
            let row = self.0.other(id).await.transpose()?;
            Some(row.map(|row| Contact::new(&self.0.by, row)))
        }

        //D Deal.activities
        async fn activities(
            &self,
            //PAGE
        ) -> Result<ActivityConnection> {
            let page = PageArguments::new(first, after, last, before);
            ActivityConnection::new(&self.0.by, RecordList::last_changed_first(RecordsOf::ActivitiesOf(self.0.row.id)), &page)
        }
    }
}

record_type! {
    //D Contact
    Contact,
    //D Contact.id
    id,
    //D Contact.kind
    kind,
    {
        //D Contact.email
        async fn email(&self) -> Option<EmailAddress> {
            match &self.0.row.detail {
                RecordDetail::Contact { email, .. } => email.as_ref().map(EmailAddress::from),
                _ => None,
            }
        }

        //D Contact.phone
        async fn phone(&self) -> Option<String> {
            match &self.0.row.detail {
                RecordDetail::Contact { phone, .. } => phone.clone(),
                _ => None,
            }
        }

        //D Contact.company
        async fn company(&self) -> Option<Result<Company>> {
            let id = match &self.0.row.detail {
                RecordDetail::Contact { company, .. } => *company,
                _ => None,
            };
            let row = self.0.other(id).await.transpose()?;
            Some(row.map(|row| Company::new(&self.0.by, row)))
        }

        //D Contact.activities
        async fn activities(
            &self,
            //PAGE
        ) -> Result<ActivityConnection> {
            let page = PageArguments::new(first, after, last, before);
            ActivityConnection::new(&self.0.by, RecordList::last_changed_first(RecordsOf::ActivitiesOf(self.0.row.id)), &page)
        }
    }
}

record_type! {
    //D Company
    Company,
    //D Company.id
    id,
    //D Company.kind
    kind,
    {
        //D Company.website
        async fn website(&self) -> Option<Url> {
            match &self.0.row.detail {
                RecordDetail::Company { website, .. } => website.clone().map(Url),
                _ => None,
            }
        }

        //D Company.industry
        async fn industry(&self) -> Option<String> {
            match &self.0.row.detail {
                RecordDetail::Company { industry, .. } => industry.clone(),
                _ => None,
            }
        }

        //D Company.activities
        async fn activities(
            &self,
            //PAGE
        ) -> Result<ActivityConnection> {
            let page = PageArguments::new(first, after, last, before);
            ActivityConnection::new(&self.0.by, RecordList::last_changed_first(RecordsOf::ActivitiesOf(self.0.row.id)), &page)
        }
    }
}

record_type! {
    //D Estimate
    Estimate,
    //D Estimate.id
    id,
    //D Estimate.kind
    kind,
    {
        //D Estimate.value
        async fn value(&self) -> Option<Money> {
            match &self.0.row.detail {
                RecordDetail::Estimate { value, .. } => value.as_ref().map(Money::from),
                _ => None,
            }
        }

        //D Estimate.deal
        async fn deal(&self) -> Option<Result<Deal>> {
            let id = match &self.0.row.detail {
                RecordDetail::Estimate { deal, .. } => *deal,
                _ => None,
            };
            let row = self.0.other(id).await.transpose()?;
            Some(row.map(|row| Deal::new(&self.0.by, row)))
        }

        //D Estimate.validUntil
        async fn valid_until(&self) -> Option<Date> {
            match &self.0.row.detail {
                RecordDetail::Estimate { valid_until, .. } => valid_until.map(Date),
                _ => None,
            }
        }

        //D Estimate.activities
        async fn activities(
            &self,
            //PAGE
        ) -> Result<ActivityConnection> {
            let page = PageArguments::new(first, after, last, before);
            ActivityConnection::new(&self.0.by, RecordList::last_changed_first(RecordsOf::ActivitiesOf(self.0.row.id)), &page)
        }
    }
}

record_type! {
    //D Invoice
    Invoice,
    //D Invoice.id
    id,
    //D Invoice.kind
    kind,
    {
        //D Invoice.value
        async fn value(&self) -> Option<Money> {
            match &self.0.row.detail {
                RecordDetail::Invoice { value, .. } => value.as_ref().map(Money::from),
                _ => None,
            }
        }

        //D Invoice.deal
        async fn deal(&self) -> Option<Result<Deal>> {
            let id = match &self.0.row.detail {
                RecordDetail::Invoice { deal, .. } => *deal,
                _ => None,
            };
            let row = self.0.other(id).await.transpose()?;
            Some(row.map(|row| Deal::new(&self.0.by, row)))
        }

        //D Invoice.dueOn
        async fn due_on(&self) -> Option<Date> {
            match &self.0.row.detail {
                RecordDetail::Invoice { due_on, .. } => due_on.map(Date),
                _ => None,
            }
        }

        //D Invoice.activities
        async fn activities(
            &self,
            //PAGE
        ) -> Result<ActivityConnection> {
            let page = PageArguments::new(first, after, last, before);
            ActivityConnection::new(&self.0.by, RecordList::last_changed_first(RecordsOf::ActivitiesOf(self.0.row.id)), &page)
        }
    }
}
