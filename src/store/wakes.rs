//! Where workers wait for new work.

use std::sync::Arc;

use tokio::sync::Notify;

/// A kind of work that somebody waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Queue {
    Events,
    Checks,
    Mails,
    Letters,
    MatrixOut,
    MailOut,
    Files,
    Subscriptions,
    Held,
    Policy,
    Signs,
    Erasures,
    Desk,
}

const QUEUES: [Queue; 13] = [
    Queue::Events,
    Queue::Checks,
    Queue::Mails,
    Queue::Letters,
    Queue::MatrixOut,
    Queue::MailOut,
    Queue::Files,
    Queue::Subscriptions,
    Queue::Held,
    Queue::Policy,
    Queue::Signs,
    Queue::Erasures,
    Queue::Desk,
];

/// One bell per queue; rung after the commit that put work there. A bell that rings while nobody
/// listens is remembered, so a worker that looks for work and then waits misses nothing.
#[derive(Debug, Clone, Default)]
pub struct Wakes(Arc<[Notify; QUEUES.len()]>);

impl Wakes {
    pub async fn wait(&self, queue: Queue) {
        self.0[queue as usize].notified().await;
    }

    pub fn ring(&self, queue: Queue) {
        self.0[queue as usize].notify_one();
    }

    pub(super) fn ring_all(&self, queues: u16) {
        for queue in QUEUES {
            if queues & bit(queue) != 0 {
                self.ring(queue);
            }
        }
    }
}

pub(super) fn bit(queue: Queue) -> u16 {
    1 << queue as u8
}
