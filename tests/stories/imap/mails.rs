//! What becomes of mails in a mailbox: the same as of those that come by LMTP.

use super::desk::{Desk, mail};

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_in_the_mailbox_is_shown_under_the_customers_name() {
    let desk = Desk::open("").await;
    desk.drop_mail(&mail(&desk.token, "Tuesday suits us"));
    desk.until_said(1).await;
    assert_eq!(desk.said(), ["Tuesday suits us"]);
    desk.until_marked(1).await;
    assert_eq!(desk.reports(), Vec::<String>::new());
    desk.close().await;
}
