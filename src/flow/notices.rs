//! Tells staff of mail that anybody can send: [`crate::domain::notices`] says how often.

use std::sync::Arc;

use super::{Context, lanes, lanes::Origin};
use crate::{
    domain::{
        notices::{self, Stream, Turn},
        wording::notices as wording,
    },
    store::{
        StoreError, Tx,
        notices::{self as store, Begun},
    },
};

/// Tells staff in the control room, or counts.
pub async fn tell(
    tx: &mut Tx,
    stream: Stream,
    text: &str,
    origin: &Origin,
    context: &Context,
) -> Result<(), StoreError> {
    let count = store::count(tx, stream, origin.now).await?;
    match stream.turn(count) {
        Turn::Tell => lanes::report(tx, text, origin, context).await,
        Turn::TellLast => {
            let text = format!("{text}\n{}", wording::and_more_are_counted(stream));
            lanes::report(tx, &text, origin, context).await
        }
        Turn::Count => Ok(()),
    }
}

/// Tells of what was only counted in the hours that are over. When the next one is; `None` if none has
/// begun.
pub async fn keep_up(context: &Arc<Context>) -> Result<Option<i64>, StoreError> {
    let now = context.now_ms();
    let begun = store::begun(&mut context.store.read().await?).await?;
    let (over, others): (Vec<Begun>, Vec<Begun>) = begun
        .into_iter()
        .partition(|one| notices::is_over(one.began_at, now));
    if !over.is_empty() {
        let context = Arc::clone(context);
        let store = context.store.clone();
        store
            .write(move |tx| Box::pin(async move { end(tx, &over, now, &context).await }))
            .await?;
    }
    Ok(others.iter().map(|one| notices::end(one.began_at)).min())
}

async fn end(tx: &mut Tx, over: &[Begun], now: i64, context: &Context) -> Result<(), StoreError> {
    for one in over {
        let untold = one.stream.untold(one.count);
        store::end(tx, one.stream).await?;
        if untold > 0 {
            let origin = Origin::without_event(context.new_effect_id(), now);
            let text = wording::counted(one.stream, untold);
            lanes::report(tx, &text, &origin, context).await?;
        }
    }
    Ok(())
}
