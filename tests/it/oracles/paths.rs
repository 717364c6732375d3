//! Every way to name somebody or something that may be hidden. A path says which argument it goes through, so that none is forgotten.

use serde_json::{Value, json};

use super::Scene;

/// Somebody who is named: one who is hidden, or one who never existed.
#[derive(Debug, Clone)]
pub struct Named {
    pub id: String,
    /// Held by nobody else.
    pub address: String,
}

/// A request that names somebody.
#[derive(Debug, Clone)]
pub struct Path {
    /// Through which argument, e.g. `Query.user(id)` or `DismissInput.userId`.
    pub argument: &'static str,
    pub document: String,
    pub variables: Value,
}

fn read(argument: &'static str, document: &str, id: &str) -> Path {
    Path { argument, document: document.to_owned(), variables: json!({"id": id}) }
}

/// A mutation; `input` names the one in question.
fn act(argument: &'static str, mutation: &str, input: Value) -> Path {
    let mut name = mutation.to_owned();
    name[..1].make_ascii_uppercase();
    let document =
        format!("mutation Run($input: {name}Input!) {{ {mutation}(input: $input) {{ __typename userErrors {{ code message field }} }} }}");
    Path { argument, document, variables: json!({"input": input}) }
}

const LISTED: &str = "totalCount nodes { id } edges { cursor } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }";

/// All that somebody can be named by.
pub fn to_people(scene: &Scene, who: &Named) -> Vec<Path> {
    let company = &scene.office.company;
    let (id, address) = (who.id.as_str(), who.address.as_str());
    let (colleague, deal, portal, project, inside) = (company.ben.id, scene.deal, company.portal, company.project, company.inside);
    let own_events = format!(
        "query($id: ID!) {{ viewer {{ user {{ a: events(filter: {{actorIds: [$id]}}) {{ {LISTED} }} b: events(filter: {{subjectIds: [$id]}}) {{ {LISTED} }} }} }} }}"
    );
    let record = |extra: Value| {
        let mut entity = json!({"kind": "TASK", "externalId": "oracle", "title": "t"});
        for (name, value) in extra.as_object().expect("fields") {
            entity[name] = value.clone();
        }
        json!({"entities": [entity]})
    };
    let meeting =
        |ids: Value| json!({"title": "t", "startsAt": "2030-01-01T10:00:00Z", "endsAt": "2030-01-01T11:00:00Z", "attendeeIds": ids});
    vec![
        // Reading.
        read("Query.node(id)", "query($id: ID!) { node(id: $id) { __typename id } }", id),
        read("Query.nodes(ids)", "query($id: ID!) { nodes(ids: [$id]) { __typename id } }", id),
        read(
            "Query.nodes(ids)",
            "query($id: ID!) { nodes(ids: [$id, $id]) { ... on User { displayName status directReports { totalCount } } } }",
            id,
        ),
        read("Query.user(id)", "query($id: ID!) { user(id: $id) { displayName status version } }", id),
        read(
            "Query.user(id)",
            "query($id: ID!) { user(id: $id) { ownedEntities { totalCount } tasks { totalCount } messages { totalCount } viewerCanHire } }",
            id,
        ),
        read(
            "OwnedEntityFilter.responsibleIds",
            &format!("query($id: ID!) {{ ownedEntities(filter: {{responsibleIds: [$id]}}) {{ {LISTED} }} }}"),
            id,
        ),
        read(
            "OwnedEntityFilter.responsibleIds",
            &format!(
                "query($id: ID!) {{ ownedEntities(first: 2, filter: {{responsibleIds: [$id], isOrphaned: true}}, orderBy: {{field: TITLE, direction: ASC}}) {{ {LISTED} }} }}"
            ),
            id,
        ),
        read(
            "OwnedEntityFilter.formerResponsibleIds",
            &format!("query($id: ID!) {{ ownedEntities(filter: {{formerResponsibleIds: [$id]}}) {{ {LISTED} }} }}"),
            id,
        ),
        read("UserEventFilter.subjectIds", &format!("query($id: ID!) {{ userEvents(filter: {{subjectIds: [$id]}}) {{ {LISTED} }} }}"), id),
        read("UserEventFilter.actorIds", &own_events, id),
        Path {
            argument: "Query.emailUsage(address)",
            document: "query($a: EmailAddress!) { emailUsage(address: $a) { address holderStatus } }".to_owned(),
            variables: json!({"a": address}),
        },
        // People.
        act("UpdateUserInput.userId", "updateUser", json!({"userId": id, "jobTitle": "t"})),
        act("UpdateUserInput.userId", "updateUser", json!({"userId": id, "managerId": null, "expectedVersion": 7})),
        act("UpdateUserInput.managerId", "updateUser", json!({"userId": colleague, "managerId": id})),
        act("SetAccessInput.userId", "setAccess", json!({"userId": id, "permissions": []})),
        act("DismissInput.userId", "dismiss", json!({"userId": id})),
        act("DismissInput.userId", "dismiss", json!({"userId": id, "dryRun": true, "handover": {"toUserIds": [colleague]}})),
        act("DismissInput.newManagerId", "dismiss", json!({"userId": colleague, "newManagerId": id})),
        act("HandoverInput.toUserIds", "dismiss", json!({"userId": colleague, "handover": {"toUserIds": [id]}})),
        act("HireInput.userId", "hire", json!({"userId": id})),
        act("HireInput.userId", "hire", json!({"userId": id, "loginEmail": "free@free.example"})),
        act("MoveToExtranetInput.userId", "moveToExtranet", json!({"userId": id, "workgroupIds": [portal]})),
        act("MoveToExtranetInput.userId", "moveToExtranet", json!({"userId": id, "workgroupIds": [inside], "activateNow": true})),
        act(
            "MoveToExtranetInput.newManagerId",
            "moveToExtranet",
            json!({"userId": colleague, "workgroupIds": [portal], "newManagerId": id}),
        ),
        act(
            "HandoverInput.toUserIds",
            "moveToExtranet",
            json!({"userId": colleague, "workgroupIds": [portal], "handover": {"toUserIds": [id]}}),
        ),
        act("MoveToIntranetInput.userId", "moveToIntranet", json!({"userId": id})),
        act("DeleteUserInput.userId", "deleteUser", json!({"userId": id, "confirmation": "x"})),
        act(
            "DeleteUserInput.recordsToUserId",
            "deleteUser",
            json!({"userId": colleague, "confirmation": company.ben.name, "recordsToUserId": id, "dryRun": true}),
        ),
        act(
            "DeleteUserInput.newManagerId",
            "deleteUser",
            json!({"userId": colleague, "confirmation": company.ben.name, "newManagerId": id, "dryRun": true}),
        ),
        act("ResendInvitationInput.userId", "resendInvitation", json!({"userId": id})),
        act("RevokeInvitationInput.userId", "revokeInvitation", json!({"userId": id})),
        // Addresses.
        act("ChangeContactEmailInput.userId", "changeContactEmail", json!({"userId": id, "address": null})),
        act("ChangeContactEmailInput.userId", "changeContactEmail", json!({"userId": id, "address": "free@free.example"})),
        act("ChangeContactEmailInput.userId", "changeContactEmail", json!({"userId": id, "address": company.hr.email})),
        act("TransferEmailInput.toUserId", "transferEmail", json!({"address": company.leo.email, "toUserId": id})),
        act("TransferEmailInput.toUserId", "transferEmail", json!({"address": "nobody@nowhere.example", "toUserId": id})),
        // Structure.
        act("AddWorkgroupMembersInput.userIds", "addWorkgroupMembers", json!({"workgroupId": portal, "userIds": [id]})),
        act(
            "AddWorkgroupMembersInput.userIds",
            "addWorkgroupMembers",
            json!({"workgroupId": project, "userIds": [company.hr.id, id], "role": "OWNER"}),
        ),
        act("RemoveWorkgroupMemberInput.userId", "removeWorkgroupMember", json!({"workgroupId": project, "userId": id})),
        act("RemoveWorkgroupMemberInput.userId", "removeWorkgroupMember", json!({"workgroupId": inside, "userId": id})),
        act("CreateDepartmentInput.headId", "createDepartment", json!({"name": "Oracle", "headId": id})),
        act("CreateWorkgroupInput.ownerId", "createWorkgroup", json!({"name": "Oracle", "isExtranet": true, "ownerId": id})),
        act("CreateWorkgroupInput.ownerId", "createWorkgroup", json!({"name": "Oracle", "isExtranet": false, "ownerId": id})),
        // Work.
        act("SendMessageInput.toUserId", "sendMessage", json!({"toUserId": id, "text": "t"})),
        act("ScheduleMeetingInput.attendeeIds", "scheduleMeeting", meeting(json!([id]))),
        act("ScheduleMeetingInput.attendeeIds", "scheduleMeeting", meeting(json!([colleague, id]))),
        // Records.
        act("ReassignInput.toUserIds", "reassign", json!({"selection": {"ids": [deal]}, "toUserIds": [id]})),
        act(
            "ReassignInput.toUserIds",
            "reassign",
            json!({"selection": {"matching": {"isOrphaned": true}}, "toUserIds": [colleague, id], "dryRun": true}),
        ),
        act(
            "OwnedEntityFilter.responsibleIds",
            "reassign",
            json!({"selection": {"matching": {"responsibleIds": [id]}}, "toUserIds": [colleague]}),
        ),
        act(
            "OwnedEntityFilter.responsibleIds",
            "reassign",
            json!({"selection": {"matching": {"responsibleIds": [id]}}, "toUserIds": [colleague], "dryRun": true}),
        ),
        act(
            "OwnedEntityFilter.formerResponsibleIds",
            "reassign",
            json!({"selection": {"matching": {"formerResponsibleIds": [id]}}, "toUserIds": [colleague]}),
        ),
        act("OwnedEntityInput.responsibleId", "upsertOwnedEntities", record(json!({"responsibleId": id}))),
        act(
            "OwnedEntityInput.responsibleId",
            "upsertOwnedEntities",
            record(json!({"kind": "DEAL", "externalId": scene.external_id, "responsibleId": id})),
        ),
        act(
            "TaskParticipantInput.userId",
            "upsertOwnedEntities",
            record(json!({"responsibleId": colleague, "participants": [{"userId": id, "role": "OBSERVER"}]})),
        ),
        act("OwnedEntityInput.responsibleEmail", "upsertOwnedEntities", record(json!({"responsibleEmail": address}))),
    ]
}

/// All that something else can be named by: what the ID names is hidden, or was never there.
pub fn to_things(scene: &Scene, id: &str) -> Vec<Path> {
    let company = &scene.office.company;
    let mut paths = vec![
        read("Query.node(id)", "query($id: ID!) { node(id: $id) { __typename id } }", id),
        read("Query.nodes(ids)", "query($id: ID!) { nodes(ids: [$id]) { __typename id } }", id),
    ];
    match id.split_once('_').map_or("", |(prefix, _)| prefix) {
        "rsg" => paths.extend([
            read("Query.reassignment(id)", "query($id: ID!) { reassignment(id: $id) { id status } }", id),
            read("Subscription.reassignmentProgress(id)", "subscription($id: ID!) { reassignmentProgress(id: $id) { id status } }", id),
            act("CancelReassignmentInput.reassignmentId", "cancelReassignment", json!({"reassignmentId": id})),
            act("UndoReassignmentInput.reassignmentId", "undoReassignment", json!({"reassignmentId": id})),
        ]),
        "tok" => paths.push(act("RevokeAccessTokenInput.accessTokenId", "revokeAccessToken", json!({"accessTokenId": id}))),
        "wgr" => paths.extend([
            act("CreateFeedPostInput.workgroupId", "createFeedPost", json!({"text": "t", "workgroupId": id})),
            act("AddWorkgroupMembersInput.workgroupId", "addWorkgroupMembers", json!({"workgroupId": id, "userIds": [company.ben.id]})),
            act("RemoveWorkgroupMemberInput.workgroupId", "removeWorkgroupMember", json!({"workgroupId": id, "userId": company.ben.id})),
            act("InviteInput.workgroupIds", "invite", json!({"email": "new@new.example", "kind": "INTRANET", "firstName": "N", "lastName": "N", "workgroupIds": [id]})),
            act("InviteInput.workgroupIds", "invite", json!({"email": "new@new.example", "kind": "EXTRANET", "firstName": "N", "lastName": "N", "workgroupIds": [id]})),
            act("HireInput.workgroupIds", "hire", json!({"userId": company.leo.id, "workgroupIds": [id]})),
            act("MoveToExtranetInput.workgroupIds", "moveToExtranet", json!({"userId": company.leo.id, "workgroupIds": [id]})),
            act("OwnedEntityInput.workgroupId", "upsertOwnedEntities", json!({"entities": [{"kind": "TASK", "externalId": "o", "title": "t", "responsibleId": company.ben.id, "workgroupId": id}]})),
        ]),
        "dea" | "tsk" | "fil" => paths.extend([
            act("EntitySelectionInput.ids", "reassign", json!({"selection": {"ids": [id]}, "toUserIds": [company.ben.id], "dryRun": true})),
            act("EntitySelectionInput.ids", "reassign", json!({"selection": {"ids": [id]}, "toUserIds": [company.ben.id]})),
            act("DeleteOwnedEntitiesInput.ids", "deleteOwnedEntities", json!({"ids": [id]})),
        ]),
        _ => {}
    }
    paths
}

/// Who may know by which argument that somebody is, or was, there.
pub const MAY_KNOW: [(&str, &str, &str); 4] = [
    // Who writes hands their own to anybody eligible (H11): an integration that feeds records in need not read people.
    ("a stranger", "blind token", "ReassignInput.toUserIds"),
    // What a deleted account was is kept for administrators: provenance (L3) and events (§5).
    ("somebody deleted", "administrator", "OwnedEntityFilter.formerResponsibleIds"),
    ("somebody deleted", "administrator", "UserEventFilter.subjectIds"),
    ("somebody deleted", "administrator", "UserEventFilter.actorIds"),
];

/// Arguments that name nothing which anybody may not know, each with the reason.
pub const EXEMPT: [(&str, &str); 10] = [
    ("UserFilter.departmentIds", "departments are open to everybody who may ask for people"),
    ("CreateDepartmentInput.parentId", "departments are open to STRUCTURE_MANAGE as a whole"),
    ("InviteInput.departmentId", "departments are no secret to who places people in them"),
    ("MoveToIntranetInput.departmentId", "departments are no secret to who places people in them"),
    ("UpdateUserInput.departmentId", "departments are no secret to who places people in them"),
    ("SignInInput.email", "a path of its own: s3_…"),
    ("RequestPasswordResetInput.email", "a path of its own: e8_…"),
    ("OwnedEntityInput.email", "a detail of a contact, compared with nobody's address"),
    ("TransferEmailInput.replacementLoginEmail", "who manages addresses learns of each who holds it, by emailUsage"),
    ("ReleaseEmailInput.replacementLoginEmail", "who manages addresses learns of each who holds it, by emailUsage"),
];

/// Arguments that name an address which must be free: taken is EMAIL_TAKEN, whoever has it (§5), so that no more can be told from them than
/// that. Their paths compare the address of somebody hidden with that of somebody seen.
pub fn to_taken_addresses(scene: &Scene, address: &str) -> Vec<Path> {
    let company = &scene.office.company;
    vec![
        act("InviteInput.email", "invite", json!({"email": address, "kind": "INTRANET", "firstName": "N", "lastName": "N"})),
        act(
            "InviteInput.email",
            "invite",
            json!({"email": address, "kind": "INTRANET", "firstName": "N", "lastName": "N", "dryRun": true}),
        ),
        act("HireInput.loginEmail", "hire", json!({"userId": company.leo.id, "loginEmail": address})),
        act(
            "MoveToExtranetInput.loginEmail",
            "moveToExtranet",
            json!({"userId": company.leo.id, "workgroupIds": [company.portal], "loginEmail": address}),
        ),
        act("ChangeContactEmailInput.address", "changeContactEmail", json!({"userId": company.ben.id, "address": address})),
        act(
            "RequestLoginEmailChangeInput.address",
            "requestLoginEmailChange",
            json!({"address": address, "password": crate::support::office::PASSWORD}),
        ),
        act("TransferEmailInput.address", "transferEmail", json!({"address": address, "toUserId": company.ben.id})),
        act("ReleaseEmailInput.address", "releaseEmail", json!({"address": address})),
    ]
}
