//! The provider's database comes back from a backup that is older than what the client
//! role has.

use oc::roles::provider::jobs::refill;
use serde_json::json;

use super::{put_back, reconcile, told};
use crate::delivery::{Way, promised, text};
use crate::support::backup::Backup;

async fn changed(way: &Way, id: &str, title: &str) {
    way.provider.update(id, &json!({ "title": title })).await.expect(200);
}

#[actix_web::test]
async fn what_was_done_since_the_backup_is_taken_over_and_documents_can_be_sent_again() {
    let way = Way::with(&[("CODE_RESERVE_SIZE", "8")]).await;
    way.fill_reserve().await;
    let (edited, code) = way.delivered("first").await;
    let (reissued, old_code) = way.delivered("reissued").await;
    let (revoked, _) = way.delivered("revoked").await;
    let (untouched, untouched_code) = way.delivered("untouched").await;
    let draft = way.provider.draft("draft").await;
    way.close();
    let queued = way.provider.ready("queued").await;
    let queued_code = promised(&way.provider.send(&queued).await);
    let backup = Backup::of(way.provider.database.url());

    way.open();
    way.settle_all().await;
    changed(&way, &edited, "second").await;
    assert_eq!(way.sent(&edited).await, code);
    let new_code = text(&way.provider.reissue(&reissued).await.expect(200)["accessCode"]);
    way.provider.revoke(&revoked).await.expect(200);
    way.provider.update(&draft, &json!({"status": "final"})).await.expect(200);
    let draft_code = way.sent(&draft).await;
    let (unknown, unknown_code) = way.delivered("written after the backup").await;

    put_back(&way, &backup).await;
    let looked = reconcile(&way, &["--dry-run"]);
    assert_eq!(told(&looked, &edited), "as the client role has it", "{}{}", looked.out, looked.err);
    assert!(way.provider.database.count("code_reserve") > 0, "it only looked");
    let done = reconcile(&way, &[]);
    assert_eq!(done.code, 0, "{}{}", done.out, done.err);
    for id in [&edited, &reissued, &revoked, &draft, &queued] {
        let expected = if id == &queued { "" } else { "as the client role has it" };
        assert_eq!(told(&done, id), expected, "{}", done.out);
    }
    assert_eq!((told(&done, &unknown), told(&done, &untouched)), ("only at the client role", ""));
    assert_eq!(way.provider.database.count("code_reserve"), 0, "some of these codes open documents by now");

    // Everything looks as it did, except the text that the backup did not know.
    let shown = way.provider.document(&edited).await;
    assert_eq!((&shown["title"], &shown["delivery"]["state"]), (&json!("first"), &json!("delivered")));
    assert_eq!(way.state_of(&revoked).await, "revoked");
    assert_eq!(way.provider.document(&reissued).await["accessCode"], json!(new_code));
    assert_eq!(way.provider.document(&draft).await["accessCode"], json!(draft_code));
    way.settle_all().await;
    let reads = [
        (&code, "second"),
        (&new_code, "reissued"),
        (&draft_code, "draft"),
        (&queued_code, "queued"),
        (&unknown_code, "written after the backup"),
        (&untouched_code, "untouched"),
    ];
    for (code, title) in reads {
        way.read(code, title).await;
    }
    way.client.open(&old_code).await.refused(410, "ACCESS_CODE_REVOKED");

    // And everything goes on: newer texts arrive, another code replaces the last one.
    changed(&way, &edited, "third").await;
    assert_eq!(way.sent(&edited).await, code);
    way.read(&code, "third").await;
    let newest = text(&way.provider.reissue(&reissued).await.expect(200)["accessCode"]);
    way.client.open(&new_code).await.refused(410, "ACCESS_CODE_REVOKED");
    way.read(&newest, "reissued").await;
    let again = way.sent(&revoked).await;
    way.read(&again, "revoked").await;
    way.provider.revoke(&draft).await.expect(200);
    way.client.open(&draft_code).await.refused(410, "ACCESS_CODE_REVOKED");
    assert_eq!(refill::run(&way.provider.state).await.unwrap(), 8);
    let (_, fresh) = way.delivered("with a code of the new reserve").await;
    way.read(&fresh, "with a code of the new reserve").await;
    let quiet = reconcile(&way, &[]);
    assert_eq!((quiet.code, quiet.out.lines().count()), (0, 2), "{}", quiet.out);
}

#[actix_web::test]
async fn a_message_that_the_client_role_knows_already_is_not_sent_over_what_came_later() {
    let way = Way::new().await;
    let (id, code) = way.delivered("T").await;
    way.close();
    way.provider.revoke(&id).await.expect(202);
    let backup = Backup::of(way.provider.database.url());
    way.open();
    way.settle_all().await;
    let second = way.sent(&id).await;
    assert_ne!(second, code);

    put_back(&way, &backup).await;
    let done = reconcile(&way, &[]);
    assert_eq!((done.code, told(&done, &id)), (0, "as the client role has it"), "{}{}", done.out, done.err);
    assert_eq!(way.catch_up().await, 0, "the old revocation is not attempted");
    assert_eq!(way.state_of(&id).await, "delivered");
    way.read(&second, "T").await;
}

/// A provider role that has lost a sending, whose document somebody then withdraws.
async fn withdrawn(delete: bool, arrives: bool) -> (Way, String, String) {
    let way = Way::new().await;
    let (id, code) = way.delivered("first").await;
    let backup = Backup::of(way.provider.database.url());
    changed(&way, &id, "second").await;
    way.sent(&id).await;
    put_back(&way, &backup).await;
    if !arrives {
        way.close();
    }
    if delete {
        way.provider.delete(&id).await;
    } else {
        way.provider.revoke(&id).await;
    }
    if arrives {
        way.settle_all().await;
    }
    way.open();
    way.read(&code, "second").await;
    (way, id, code)
}

#[actix_web::test]
async fn what_was_withdrawn_after_a_restore_is_closed_although_the_client_role_knows_more() {
    for (delete, arrives) in [(false, false), (false, true), (true, false), (true, true)] {
        let (way, id, code) = withdrawn(delete, arrives).await;
        let done = reconcile(&way, &[]);
        let found = (done.code, told(&done, &id));
        assert_eq!(found, (0, "revoked again"), "{delete} {arrives}: {}{}", done.out, done.err);
        way.settle_all().await;
        way.client.open(&code).await.refused(410, "ACCESS_CODE_REVOKED");
        let quiet = reconcile(&way, &[]);
        assert_eq!((quiet.code, told(&quiet, &id)), (0, ""), "{}", quiet.out);
    }
}

#[actix_web::test]
async fn a_text_that_the_client_role_has_not_got_is_never_shown_as_delivered() {
    let way = Way::new().await;
    let (id, code) = way.delivered("first").await;
    let backup = Backup::of(way.provider.database.url());
    changed(&way, &id, "lost").await;
    way.sent(&id).await;
    put_back(&way, &backup).await;
    changed(&way, &id, "written since").await;
    assert_eq!(told(&reconcile(&way, &[]), &id), "as the client role has it");
    let document = way.provider.document(&id).await;
    assert_eq!(
        (&document["title"], &document["version"]),
        (&json!("written since"), &json!(4)),
        "{document}"
    );
    way.read(&code, "lost").await;
    assert_eq!(way.sent(&id).await, code);
    way.read(&code, "written since").await;
}

#[actix_web::test]
async fn a_newer_text_that_waited_is_named_and_its_author_sends_it() {
    let way = Way::new().await;
    let (id, _) = way.delivered("first").await;
    let backup = Backup::of(way.provider.database.url());
    for _ in 0..2 {
        way.provider.reissue(&id).await.expect(200);
    }
    put_back(&way, &backup).await;
    way.close();
    changed(&way, &id, "second").await;
    way.provider.send(&id).await;
    way.open();
    let done = reconcile(&way, &[]);
    assert_eq!(way.provider.document(&id).await["delivery"]["state"], "delivered");
    let code = text(&way.provider.document(&id).await["accessCode"]);
    assert!(told(&done, &id).contains("THE NEWER TEXT HERE DID NOT GET THERE"), "{}{}", done.out, done.err);
    assert_eq!(done.code, 1);
    way.settle_all().await;
    way.read(&code, "first").await;
    way.sent(&id).await;
    way.read(&code, "second").await;
}

#[actix_web::test]
async fn receipts_are_asked_for_once_more_and_none_is_told_twice() {
    let way = Way::new().await;
    let (id, code) = way.delivered("T").await;
    let backup = Backup::of(way.provider.database.url());
    way.read(&code, "T").await;
    way.fetch_receipts(2).await;
    let opened = way.provider.history(&id).await;
    put_back(&way, &backup).await;
    assert_eq!(reconcile(&way, &[]).code, 0);
    way.fetch_receipts(2).await;
    assert_eq!(way.provider.history(&id).await, opened);
}

#[actix_web::test]
async fn without_the_client_role_nothing_is_changed_and_the_way_is_named() {
    let way = Way::with(&[("CODE_RESERVE_SIZE", "8")]).await;
    way.fill_reserve().await;
    way.close();
    let before = way.provider.database.dump();
    let ended = reconcile(&way, &[]);
    assert_eq!(ended.code, 1);
    assert!(ended.err.contains("the client role hung up before it answered"), "{}", ended.err);
    assert_eq!(way.provider.database.dump(), before);
}
