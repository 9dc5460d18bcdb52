//! The interesting situations: one table of names and words, and how often each came about.

/// Declares the situations: name and words.
macro_rules! situations {
    ($($name:ident: $words:literal;)*) => {
        /// Something that a good run has seen.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Situation {
            $(#[doc = $words] $name,)*
        }

        impl Situation {
            /// Every situation.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// What it is.
            #[must_use]
            pub const fn words(self) -> &'static str {
                match self { $(Self::$name => $words,)* }
            }
        }
    };
}

situations! {
    Resume: "a session is resumed";
    ResumeWithPublish: "a resume with PUBLISH at QoS 1 open";
    ResumeWithPublishTwo: "a resume with PUBLISH at QoS 2 open";
    ResumeWithRelease: "a resume with PUBREL open";
    ResumeNarrow: "a resume with more to resend than Receive Maximum allows";
    ResumeWithQueue: "a resume with messages waiting";
    ResumeOtherVersion: "a resume in another version of MQTT";
    CleanStart: "a Clean Start discards a session";
    CleanStartWithQueue: "a Clean Start discards messages";
    CleanStartWithWill: "a Clean Start makes a delayed will due";
    Takeover: "a connection is taken over";
    TakeoverWithWill: "a takeover with a will without delay";
    TakeoverCancelsWill: "a takeover that resumes and cancels a delayed will";
    TakeoverEnds: "a takeover of a session that ends with its connection";
    LateClose: "a connection that is over closes late";
    WillAtOnce: "a will due with the end of its connection";
    WillDelayed: "a will due after its delay";
    WillAtExpiry: "a will due with the end of its session";
    WillCancelled: "a resume cancels a delayed will";
    WillDeleted: "DISCONNECT deletes a will";
    WillRetained: "a will is retained";
    WillOverdue: "a CONNECT finds a will due that nobody looked at";
    SessionExpired: "a session expires";
    SessionExpiredAtConnect: "a CONNECT finds a session expired that nobody looked at";
    ExpiryChanged: "DISCONNECT changes the session expiry";
    ExpiryRaised: "DISCONNECT raises a session expiry of 0";
    KeepAlive: "the broker gives up a silent connection";
    Violation: "a client breaks a rule";
    QuotaExhausted: "Receive Maximum holds a message back";
    InflightFull: "the broker's own bound of open messages holds one back";
    PubAckRefused: "PUBACK of 0x80 or more";
    PubRecRefused: "PUBREC of 0x80 or more";
    PubRecRepeated: "PUBREC once more, after PUBREL";
    PubRecUnknown: "PUBREC for an unknown identifier";
    AckBeforeResend: "an acknowledgement of a message that still waits to be resent";
    Copied: "a message at QoS 1 is copied as a frame";
    InboundTwo: "a PUBLISH at QoS 2 from a client";
    InboundRepeat: "the same PUBLISH at QoS 2 once more";
    InboundRepeatAfterResume: "the same PUBLISH at QoS 2 once more, after a resume";
    InboundReleased: "PUBREL for an open identifier";
    InboundReleaseUnknown: "PUBREL for an unknown identifier";
    InboundTooMany: "a client exceeds the broker's Receive Maximum";
    MessageExpired: "a message expires while it waits";
    MessageBornExpired: "a message with an expiry of 0";
    ExpiryCountedDown: "a message is delivered with less expiry than it was published with";
    Offline: "QoS 0 for a session without connection";
    QueueDropsOldest: "a full queue drops its oldest message";
    QueueDropsNewest: "a full queue drops the new message";
    QueueRejects: "a full queue refuses the new message";
    PublisherRefused: "a publisher is told that its message was refused";
    NoMatch: "a publisher may be told that nobody subscribes";
    Overlapping: "several subscriptions of a session match";
    SeveralIdentifiers: "a message with several subscription identifiers";
    NoLocal: "No Local keeps a message from its publisher";
    RetainAsPublished: "a message keeps RETAIN as published";
    SubscriptionReplaced: "a subscription is replaced";
    Unsubscribed: "a subscription is given up";
    Retained: "a message is retained";
    RetainedReplaced: "a retained message is replaced";
    RetainedRemoved: "a retained message is removed";
    RetainedExpired: "a retained message has expired when it would be replayed";
    Replayed: "a retained message is replayed";
    ReplayHeldBack: "a replay waits for acknowledgements";
    ReplayTouched: "a retained message changes during a replay";
    ReplayNotNew: "retain handling 1 for a subscription that exists";
    ReplayNever: "retain handling 2";
    Shared: "a shared subscription's member gets a message";
    SharedWithChoice: "a group of several members gets a message";
    SharedToOffline: "a member without connection gets a message";
    SharedAndPlain: "a session gets a message by its own subscription and by a group";
    SharedMoved: "a message moves to another member at the end of a session";
    SharedLost: "a message finds no other member at the end of a session";
    SharedKept: "a message at QoS 2 that was sent dies with its member's session";
}

/// How often each situation came about.
#[derive(Clone, Debug)]
pub struct Situations {
    counts: Vec<u64>,
}

impl Default for Situations {
    fn default() -> Self {
        Self { counts: vec![0; Situation::ALL.len()] }
    }
}

impl Situations {
    /// It came about.
    pub(super) fn note(&mut self, situation: Situation) {
        self.counts[situation as usize] += 1;
    }

    /// It came about, if `is_so`.
    pub(super) fn note_if(&mut self, is_so: bool, situation: Situation) {
        self.counts[situation as usize] += u64::from(is_so);
    }

    /// Adds those of another run.
    pub(super) fn add(&mut self, other: &Self) {
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count += more;
        }
    }

    /// Each situation with its count.
    pub fn iter(&self) -> impl Iterator<Item = (Situation, u64)> {
        Situation::ALL.iter().copied().zip(self.counts.iter().copied())
    }

    /// Those that never came about.
    #[must_use]
    pub fn missing(&self) -> Vec<Situation> {
        self.iter().filter(|(_, count)| *count == 0).map(|(situation, _)| situation).collect()
    }
}
