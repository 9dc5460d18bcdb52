//! Numbers that say no: caps on connections and handshakes, with verdicts that are counted.
