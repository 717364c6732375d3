//! Departments and workgroups (R4, X2, V7).

use serde_json::{Value, json};
use tenure_core::permission::Permission;

use crate::support::office::Office;
use crate::support::on_both;

on_both! {
    /// Names are unique where they must be, heads are active employees.
    async fn departments_are_created(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let (hr, ben) = (office.sign_in(&company.hr).await, office.sign_in(&company.ben).await);
        ben.run("createDepartment", json!({"name": "X"}), "department { id }").await.fails("FORBIDDEN");
        let made = hr.run("createDepartment", json!({"name": "Logistics", "parentId": company.sales, "headId": company.ben.id}), "department { id name parent { name } head { displayName } members { totalCount } }").await.ok();
        assert_eq!(made.at("department.parent.name"), "Sales");
        assert_eq!(made.at("department.members.totalCount"), 0);
        hr.run("createDepartment", json!({"name": "LOGISTICS", "parentId": company.sales}), "department { id }").await.refused_at(&[("NAME_TAKEN", "input.name")]);
        hr.run("createDepartment", json!({"name": "sales"}), "department { id }").await.refused("NAME_TAKEN");
        hr.run("createDepartment", json!({"name": "Logistics"}), "department { id }").await.ok();
        hr.run("createDepartment", json!({"name": "Y", "parentId": "dep_00000000000000000000000000"}), "department { id }").await.refused("DEPARTMENT_NOT_FOUND");
        for head in [json!(company.leo.id), json!(company.eva.id), json!("usr_00000000000000000000000000")] {
            hr.run("createDepartment", json!({"name": "Z", "headId": head}), "department { id }").await.refused_at(&[("HEAD_NOT_ELIGIBLE", "input.headId")]);
        }
        let list = ben.query("{ departments(first: 2) { totalCount nodes { name } pageInfo { hasNextPage hasPreviousPage } } }", json!({})).await.ok();
        assert_eq!(list.at("departments"), &json!({"totalCount": 4, "nodes": [{"name": "Logistics"}, {"name": "Logistics"}], "pageInfo": {"hasNextPage": true, "hasPreviousPage": false}}));
        let members = ben.query("query($id: ID!) { node(id: $id) { ... on Department { members { totalCount nodes { displayName } } } } }", json!({"id": company.sales})).await.ok();
        assert_eq!(members.at("node.members"), &json!({"totalCount": 2, "nodes": [{"displayName": "Ben Okoro"}, {"displayName": "Emma Novak"}]}), "leavers are not among them");
        let eva = office.sign_in(&company.eva).await;
        eva.query("{ departments { totalCount } }", json!({})).await.fails("FORBIDDEN");
        assert_eq!(eva.query("query($id: ID!) { node(id: $id) { id } }", json!({"id": company.sales})).await.ok().at("node"), &Value::Null);
    }

    /// V7: departments are open to USERS_READ, on every way; who made one is shown that one.
    async fn v7_departments_are_hidden_alike_on_all_ways(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let hr = office.sign_in(&company.hr).await;
        let token = async |permissions: Value| {
            let made = hr.run("createAccessToken", json!({"name": "sync", "permissions": permissions}), "secret").await.ok();
            office.server.with_token(&made.text("secret"))
        };
        let fields = "department { id name parent { name } head { displayName } }";
        let input = |name: &str| json!({"name": name, "parentId": company.sales, "headId": company.ben.id});
        let find = "query($dep: ID!, $ben: ID!) { dep: node(id: $dep) { id } ben: node(id: $ben) { ... on User { displayName department { name } } } }";
        let both = json!({"dep": company.sales, "ben": company.ben.id});
        let builder = token(json!(["STRUCTURE_MANAGE"])).await;
        let made = builder.run("createDepartment", input("One"), fields).await.ok();
        assert_eq!((made.at("department.name"), made.at("department.parent")), (&json!("One"), &Value::Null));
        assert_eq!(builder.query(find, both.clone()).await.ok().body["data"], json!({"dep": null, "ben": {"displayName": "Ben Okoro", "department": null}}));
        let reader = token(json!(["STRUCTURE_MANAGE", "USERS_READ"])).await;
        let made = reader.run("createDepartment", input("Two"), fields).await.ok();
        assert_eq!(made.at("department.parent.name"), "Sales");
        assert_eq!(reader.query(find, both).await.ok().body["data"], json!({"dep": {"id": company.sales}, "ben": {"displayName": "Ben Okoro", "department": {"name": "Sales"}}}));
    }

    /// V7: who sees which workgroups.
    async fn workgroups_are_seen_by_members(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let recruiter = company.holder("Rita", "Recruiter", &[Permission::UsersInvite]).await;
        let newcomer = company.employee("Nick", "New").await;
        let all = "{ workgroups { totalCount nodes { name } } }";
        let names = |values: &[&str]| Value::from(values.iter().map(|n| json!({"name": n})).collect::<Vec<_>>());
        for (member, expected) in [
            (&company.ann, vec!["Inside", "Portal", "Project"]),
            (&company.hr, vec!["Inside", "Portal", "Project"]),
            (&recruiter, vec!["Portal", "Project"]),
            (&company.ben, vec!["Inside", "Project"]),
            (&company.eva, vec!["Project"]),
            (&newcomer, vec![]),
        ] {
            let person = office.sign_in(member).await;
            let seen = person.query(all, json!({})).await.ok();
            assert_eq!(seen.at("workgroups.nodes"), &names(&expected), "{}", member.name);
            assert_eq!(seen.at("workgroups.totalCount"), &json!(expected.len()));
            let node = person.query("query($id: ID!) { node(id: $id) { ... on Workgroup { name } } }", json!({"id": company.inside})).await.ok();
            assert_eq!(!node.at("node").is_null(), expected.contains(&"Inside"), "{}", member.name);
        }
        let ben = office.sign_in(&company.ben).await;
        let extranet = ben.query("{ workgroups(isExtranet: true) { nodes { name } } }", json!({})).await.ok();
        assert_eq!(extranet.at("workgroups.nodes"), &names(&["Project"]));
    }

    /// R4, X2: members come and go; the last owner and the last extranet workgroup stay.
    async fn members_come_and_go(db: Backend) {
        let office = Office::open(db).await;
        let company = &office.company;
        let hr = office.sign_in(&company.hr).await;
        let add = |group, users: Vec<tenure_core::id::UserId>, role: Value| json!({"workgroupId": group, "userIds": users, "role": role});
        let fields = "workgroup { memberCount members { nodes { role member { displayName } } } }";
        let made = hr.run("createWorkgroup", json!({"name": "Fair", "isExtranet": true}), "workgroup { id memberCount members { nodes { role member { displayName } } } }").await.ok();
        assert_eq!(made.at("workgroup.members.nodes"), &json!([{"role": "OWNER", "member": {"displayName": "Hana Reed"}}]));
        hr.run("createWorkgroup", json!({"name": "fair", "isExtranet": false}), "workgroup { id }").await.refused("NAME_TAKEN");
        hr.run("createWorkgroup", json!({"name": "Other", "isExtranet": false, "ownerId": company.leo.id}), "workgroup { id }").await.refused("OWNER_NOT_ELIGIBLE");
        let id = made.at("workgroup.id").clone();
        let added = hr.run("addWorkgroupMembers", add(id.clone(), vec![company.eva.id, company.emma.id], Value::Null), fields).await.ok();
        assert_eq!(added.at("workgroup.memberCount"), 3);
        hr.run("addWorkgroupMembers", add(id.clone(), vec![company.emma.id], json!("MODERATOR")), fields).await.ok();
        hr.run("addWorkgroupMembers", add(id.clone(), vec![company.hr.id], json!("MEMBER")), fields).await.refused_at(&[("INPUT_INVALID", "input.role")]);
        hr.run("addWorkgroupMembers", add(id.clone(), vec![company.leo.id], Value::Null), fields).await.refused_at(&[("MEMBER_NOT_ELIGIBLE", "input.userIds.0")]);
        hr.run("addWorkgroupMembers", add(json!(company.inside), vec![company.eva.id], Value::Null), fields).await.refused("MEMBER_NOT_ELIGIBLE");
        hr.run("addWorkgroupMembers", add(json!("wgr_00000000000000000000000000"), vec![company.emma.id], Value::Null), fields).await.refused("WORKGROUP_NOT_FOUND");
        hr.run("addWorkgroupMembers", add(id.clone(), vec![tenure_core::id::UserId::SYSTEM], Value::Null), fields).await.refused("USER_NOT_FOUND");
        let manager = company.holder("Stella", "Structure", &[Permission::StructureManage]).await;
        let stella = office.sign_in(&manager).await;
        stella.run("addWorkgroupMembers", add(id.clone(), vec![company.leo.id], Value::Null), fields).await.refused("USER_NOT_FOUND");

        let remove = |group: Value, user| json!({"workgroupId": group, "userId": user});
        hr.run("removeWorkgroupMember", remove(id.clone(), company.ben.id), fields).await.refused("NOT_A_MEMBER");
        hr.run("removeWorkgroupMember", remove(id.clone(), company.eva.id), fields).await.ok();
        hr.run("removeWorkgroupMember", remove(json!(company.project), company.eva.id), fields).await.refused("LAST_EXTRANET_WORKGROUP");
        let left = hr.run("removeWorkgroupMember", remove(id.clone(), company.hr.id), fields).await.ok();
        assert_eq!(left.at("workgroup.members.nodes"), &json!([{"role": "OWNER", "member": {"displayName": "Emma Novak"}}]), "the moderator follows");
        let eva = hr.query("query($id: ID!) { user(id: $id) { version workgroups { totalCount nodes { leftAt workgroup { name } } } } }", json!({"id": company.eva.id})).await.ok();
        assert_eq!(eva.at("user.version"), 1, "memberships leave the version alone");
        assert_eq!(eva.at("user.workgroups.totalCount"), 2);
    }
}
