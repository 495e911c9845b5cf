//! What the server does by itself: from time to time it gives the reservations that are due them
//! their nodes, in the name of who said how long ahead that is done.

use std::time::Duration;

use bareboat_access::Permission;
use bareboat_base::{Context, PoolId};
use bareboat_book::Command;
use bareboat_book::acts::Act as Spanning;
use bareboat_journal::{PreconditionFailed, Submission};

use crate::routes::capacity::pins::Weighed;
use crate::{App, entropy};

/// Does so until the server stops. In a book with a simulated clock nothing comes by itself.
pub async fn pin_by_itself(app: App, every: Duration) {
    let mut stopping = app.stopping.subscribe();
    while !app.engine.view().state.simulated_clock() {
        tokio::select! {
            _ = stopping.wait_for(|stopping| *stopping) => return,
            () = tokio::time::sleep(every) => {}
        }
        pin_all_due(&app).await;
    }
}

/// Gives the reservations of every pool that says how long ahead that is done their nodes.
pub async fn pin_all_due(app: &App) {
    let view = app.engine.view();
    let pools = view.state.capacity.pools.iter();
    let pools = pools.filter(|(_, _, row)| row.pin_ahead.is_some());
    let pools: Vec<PoolId> = pools.map(|(_, id, _)| *id).collect();
    for pool in pools {
        pin_due(app, pool).await;
    }
}

async fn pin_due(app: &App, pool: PoolId) {
    let view = app.engine.view();
    let row = view.state.capacity.pools.get(&pool);
    let Some(ahead) = row.and_then(|row| row.pin_ahead) else {
        return;
    };
    let actor = ahead.recorded.by;
    let may = move |state: &bareboat_book::State| {
        bareboat_access::reach(&state.access, actor, Permission::CapacityAllocate).is_book()
    };
    if !may(&view.state) {
        tracing::warn!(%pool, %actor, "nothing is pinned: who said so may no longer allocate");
        return;
    }
    let context = Context {
        command_id: entropy::command_id(app.clock.now()),
        actor,
        recorded_at: app.present(&view),
        part: 0,
    };
    let weighing = tokio::task::spawn_blocking(move || {
        let weighed = Weighed::of(&view.state, &context, pool, None);
        (weighed.act(), weighed)
    });
    let Ok((act, weighed)) = weighing.await else {
        tracing::error!(%pool, "weighing what is due panicked");
        return;
    };
    if act.reservations.is_empty() {
        return;
    }
    let submission = Submission {
        command_id: context.command_id,
        actor,
        idempotency: None,
        recorded_at: None,
        command: Command::Act(Spanning::Pin(act)),
        documents: Vec::new(),
        sealed: Vec::new(),
        precondition: Some(Box::new(move |state: &bareboat_book::State| {
            let failed =
                || PreconditionFailed("grants, or how long ahead, have changed".to_owned());
            let still = state
                .capacity
                .pools
                .get(&pool)
                .and_then(|row| row.pin_ahead);
            let as_asked = may(state) && still == Some(ahead);
            as_asked.then_some(()).ok_or_else(failed)
        })),
        answer: Box::new(move |state, _| {
            let told = weighed.told(state);
            let (pinned, refused) = (told.pinned.len(), told.refused.len());
            tracing::info!(%pool, pinned, refused, left = told.left, "due reservations");
            Vec::new()
        }),
    };
    if let Err(error) = app.engine.submit(submission).await {
        tracing::warn!(%pool, %error, "what is due was not pinned");
    }
}
