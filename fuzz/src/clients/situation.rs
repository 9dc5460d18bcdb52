//! The situations that a long run must reach: a table with their names and descriptions, and counters of how often each
//! situation was reached.

/// Declares the situations, each with a name and a description.
macro_rules! situations {
    ($($name:ident: $description:literal;)*) => {
        /// A situation that a long run must reach.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Situation {
            $(#[doc = $description] $name,)*
        }

        impl Situation {
            /// Every situation.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// Returns the description of the situation.
            #[must_use]
            pub const fn description(self) -> &'static str {
                match self { $(Self::$name => $description,)* }
            }
        }
    };
}

situations! {
    Resume: "a session is resumed";
    ResumeWithPublish: "a resume with a QoS 1 message in flight";
    ResumeWithQoS2Publish: "a resume with a QoS 2 message in flight";
    ResumeWithRelease: "a resume with a PUBREL in flight";
    ResumeAboveReceiveMaximum: "a resume with more messages to resend than Receive Maximum allows";
    ResumeWithQueue: "a resume with messages in the queue";
    ResumeWithReplay: "a resume with retained messages still due";
    ResumeOtherVersion: "a resume in another MQTT version";
    CleanStart: "Clean Start discards a session";
    CleanStartWithQueue: "Clean Start discards messages";
    CleanStartWithWill: "Clean Start publishes a delayed will";
    Takeover: "a new connection takes over a session";
    TakeoverWithWill: "a takeover publishes a will without delay";
    TakeoverCancelsWill: "a takeover resumes the session and cancels a delayed will";
    TakeoverEnds: "a takeover of a session that ends with its connection";
    LateClose: "a connection that has ended reports its end late";
    WillAtConnectionEnd: "a will is published when the connection ends";
    WillDelayed: "a will is published after its delay";
    WillAtExpiry: "a will is published when the session expires";
    WillCancelled: "a resume cancels a delayed will";
    WillDeleted: "DISCONNECT deletes a will";
    WillRetained: "a will is retained";
    WillOverdue: "a will is due before a CONNECT, and no timer has handled it";
    SessionExpired: "a session expires";
    SessionExpiredAtConnect: "a session has expired before a CONNECT, and no timer has handled it";
    ExpiryChanged: "DISCONNECT changes the session expiry";
    ExpiryRaised: "DISCONNECT raises a session expiry of 0, a violation";
    KeepAlive: "the broker ends the connection of a silent client";
    Violation: "a client violates the protocol";
    QuotaExhausted: "Receive Maximum holds back a message";
    InflightFull: "the broker's own bound of messages in flight holds back a message";
    PubAckRefused: "PUBACK with a reason of 0x80 or more";
    PubRecRefused: "PUBREC with a reason of 0x80 or more";
    PubRecRepeated: "a repeated PUBREC, after PUBREL";
    PubRecUnknown: "PUBREC for an unknown identifier";
    AckBeforeResend: "an acknowledgement of a message that is still to be resent";
    FrameCopied: "a PUBLISH at QoS 1 that the broker may copy unchanged to a receiver";
    InboundQoS2: "a QoS 2 PUBLISH from a client";
    InboundRepeat: "a repeated QoS 2 PUBLISH from a client";
    InboundRepeatAfterResume: "a repeated QoS 2 PUBLISH from a client, after a resume";
    InboundReleased: "PUBREL for an identifier in use";
    InboundReleaseUnknown: "PUBREL for an unknown identifier";
    InboundTooMany: "a client exceeds the broker's Receive Maximum";
    MessageExpired: "a message expires in a queue";
    MessagePublishedExpired: "a message is published with an expiry of 0";
    ExpiryCountedDown: "a message is delivered with a smaller expiry than it was published with";
    QoS0Offline: "a QoS 0 message to a session without a connection";
    QueueDropsOldest: "a full queue drops its oldest message";
    QueueDropsNewest: "a full queue drops the new message";
    QueueRejects: "a full queue rejects the new message";
    PublisherRefused: "the publisher is notified that its message was rejected";
    NoMatchingSubscription: "no subscription matches a message";
    OverlappingSubscriptions: "several subscriptions of a session match a message";
    SeveralIdentifiers: "a message has several subscription identifiers";
    NoLocal: "No Local prevents the delivery of a message to its publisher";
    RetainAsPublished: "a message keeps its RETAIN flag";
    SubscriptionReplaced: "a subscription is replaced";
    Unsubscribed: "a subscription is removed";
    Retained: "a message is retained";
    RetainedReplaced: "a retained message is replaced";
    RetainedRemoved: "a retained message is removed";
    RetainedExpired: "a retained message has expired when a subscription would bring it";
    Replayed: "a subscription brings a retained message";
    ReplayHeldBack: "a retained message waits for acknowledgements";
    ReplayMessageChanged: "a retained message changes before a subscription has brought it";
    ReplayOptionsChanged: "a subscription is replaced while retained messages are due, which get the new options";
    ReplayNotNew: "a SUBSCRIBE with retain handling 1 for a subscription that exists";
    ReplayNever: "a SUBSCRIBE with retain handling 2";
    Shared: "a member of a shared subscription gets a message";
    SharedWithChoice: "a shared subscription with several members gets a message";
    SharedToOffline: "a member without a connection gets a message";
    SharedAndPlain: "a session gets a message through its own subscription and through a shared one";
    SharedReassigned: "another member gets a message when a session ends";
    SharedWithoutOtherMember: "no other member exists to get a message when a session ends";
    SharedQoS2Dropped: "a QoS 2 message that was sent is dropped with the session of its member";
    PublishInTurns: "a publish takes several turns";
    SubscribeInTurns: "a SUBSCRIBE takes several turns";
    ReadInTurns: "the packets of one read take several turns";
}

/// Counts how often each situation was reached.
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
    /// Counts a situation.
    pub(super) fn note(&mut self, situation: Situation) {
        self.counts[situation as usize] += 1;
    }

    /// Counts a situation if `is_reached`.
    pub(super) fn note_if(&mut self, is_reached: bool, situation: Situation) {
        self.counts[situation as usize] += u64::from(is_reached);
    }

    /// Adds the counts of another run.
    pub(super) fn add(&mut self, other: &Self) {
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count += more;
        }
    }

    /// Returns each situation with its count.
    pub fn iter(&self) -> impl Iterator<Item = (Situation, u64)> {
        Situation::ALL.iter().copied().zip(self.counts.iter().copied())
    }

    /// Returns the situations that were never reached.
    #[must_use]
    pub fn missing(&self) -> Vec<Situation> {
        self.iter().filter(|(_, count)| *count == 0).map(|(situation, _)| situation).collect()
    }
}
