// The connection: a WebSocket that is opened again when it is lost.
//
//     connecting ──▶ open ──lost──▶ waiting ──▶ connecting      (0.5 s, doubled each time up to 15 s)
//
// Used by main.mjs. Next: messages.mjs.

const FIRST_WAIT = 500;
const LONGEST_WAIT = 15000;

/** What a close code of the server means, in words. */
const REASONS = new Map([
    [1001, 'the server has stopped'],
    [1002, 'the server did not understand this page'],
    [1003, 'the server did not understand this page'],
    [1008, 'the server has ended the connection'],
    [1009, 'a message was too long'],
]);

export class Wire {
    /** @param {{ opened: () => void, closed: (code?: number) => void, packet: (packet: object) => void, state: (state: string, text: string) => void }} outside */
    constructor(outside) {
        this.outside = outside;
        this.wait = FIRST_WAIT;
        /** @type {WebSocket | null} */
        this.socket = null;
        this.timer = 0;
        this.wasOffline = false;
        addEventListener('offline', () => (this.wasOffline = true));
        addEventListener('online', () => this.isBackOnline());
        this.connect();
    }

    connect() {
        clearTimeout(this.timer);
        this.outside.state('waiting', 'connecting');
        const address = new URL('/chat', location.href);
        address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:';
        const socket = new WebSocket(address);
        this.socket = socket;
        socket.addEventListener('open', () => {
            this.wait = FIRST_WAIT;
            this.outside.state('open', 'connected');
            this.outside.opened();
        });
        socket.addEventListener('message', (event) => {
            if (this.socket === socket) this.outside.packet(JSON.parse(event.data));
        });
        socket.addEventListener('close', (event) => {
            if (this.socket === socket) this.lost(event);
        });
    }

    lost(event) {
        this.socket = null;
        this.outside.closed(event?.code);
        const reason = REASONS.get(event?.code) ?? 'not connected';
        // Not all at once when a server comes back.
        const wait = this.wait * (0.5 + Math.random() / 2);
        this.wait = Math.min(LONGEST_WAIT, this.wait * 2);
        const until = Date.now() + wait;
        const tell = () => {
            const left = until - Date.now();
            if (left <= 0) return this.connect();
            this.outside.state('lost', `${reason}; next try in ${Math.ceil(left / 1000)} s`);
            this.timer = setTimeout(tell, Math.min(left, 1000));
        };
        tell();
    }

    /** Tries now, without waiting. */
    retry() {
        if (!this.socket) {
            this.wait = FIRST_WAIT;
            this.connect();
        }
    }

    /** A connection from before may be dead without knowing it: after a change of network nobody would tell it. */
    isBackOnline() {
        if (!this.wasOffline) return;
        this.wasOffline = false;
        if (!this.socket) return this.retry();
        const before = this.socket;
        this.socket = null;
        before.close();
        this.outside.closed();
        this.wait = FIRST_WAIT;
        this.connect();
    }

    /** Returns whether it could be sent. */
    send(packet) {
        if (this.socket?.readyState !== WebSocket.OPEN) return false;
        this.socket.send(JSON.stringify(packet));
        return true;
    }
}
