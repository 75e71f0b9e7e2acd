// The WebSocket to the server: opened again with growing pauses when it closes, until the server says that the run of
// the app which this page belongs to is over.

import { parseMessage, ProtocolError, type ClientMessage, type ServerMessage } from "./protocol_messages";

/** "replaced": the browser has signed in as another annotator, so that this page can do nothing more. */
export type ConnectionState = "connecting" | "open" | "lost" | "ended" | "replaced";

export interface SocketEvents {
  message(message: ServerMessage): void;
  state(state: ConnectionState): void;
  problem(text: string): void;
  /** The browser is another annotator's now; no message of that one is handed on. */
  replaced(by: string): void;
}

/** What the browser gives; tests give their own. */
export interface SocketWorld {
  open(): WebSocket;
  /** Whether the server still accepts this page's cookie; rejects when nobody answers. */
  probe(): Promise<boolean>;
  after(milliseconds: number, action: () => void): void;
}

const OPEN = 1;

/** Milliseconds to wait before attempt number `attempt` (from 0). */
export function pauseBefore(attempt: number): number {
  return Math.min(5000, 250 * 2 ** attempt);
}

export class Connection {
  private socket: WebSocket | null = null;
  private attempt = 0;
  private annotator: string | null = null;
  private over = false;

  constructor(
    private readonly world: SocketWorld,
    private readonly events: SocketEvents,
  ) {}

  start(): void {
    this.events.state("connecting");
    this.connect();
  }

  /** False when there is no connection: the message was not sent. */
  send(message: ClientMessage): boolean {
    if (this.socket?.readyState !== OPEN) return false;
    this.socket.send(JSON.stringify(message));
    return true;
  }

  /** The browser's cookie is another annotator's: what this page would send would be stored in that name. */
  giveUp(by: string): void {
    if (this.over) return;
    this.over = true;
    this.socket?.close();
    this.socket = null;
    this.events.replaced(by);
    this.events.state("replaced");
  }

  private connect(): void {
    const socket = this.world.open();
    this.socket = socket;
    socket.onopen = () => {
      this.attempt = 0;
      this.events.state("open");
    };
    socket.onmessage = (event) => this.receive(String(event.data));
    socket.onclose = () => void this.closed();
  }

  private receive(frame: string): void {
    let message: ServerMessage;
    try {
      message = parseMessage(frame);
    } catch (error) {
      const known = error instanceof ProtocolError;
      return this.events.problem(known ? error.message : "The server sent something unreadable: reload the page.");
    }
    if (this.over) return;
    if (message.type === "hello") {
      if (this.annotator !== null && message.annotator !== this.annotator) return this.giveUp(message.annotator);
      this.annotator = message.annotator;
    }
    this.events.message(message);
  }

  private async closed(): Promise<void> {
    if (this.over) return;
    this.socket = null;
    this.events.state("lost");
    const accepted = await this.world.probe().catch(() => true);
    if (this.over) return;
    if (!accepted) return this.events.state("ended");
    this.world.after(pauseBefore(this.attempt++), () => this.connect());
  }
}

/** The browser's own socket and fetch, at the address of this page. */
export function browserWorld(): SocketWorld {
  const address = new URL("ws", location.href);
  address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  return {
    open: () => new WebSocket(address),
    probe: async () => (await fetch("static/style.css", { cache: "no-store" })).status !== 403,
    after: (milliseconds, action) => void setTimeout(action, milliseconds),
  };
}
