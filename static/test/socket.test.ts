import assert from "node:assert/strict";
import { test } from "node:test";
import type { ServerMessage } from "../src/protocol_messages";
import { newRequest } from "../src/request";
import { Connection, pauseBefore, type ConnectionState, type SocketWorld } from "../src/socket";
import { textOf } from "./golden";

interface Fake {
  readyState: number;
  sent: string[];
  onopen(): void;
  onmessage(event: { data: string }): void;
  onclose(): void;
}

function world(accepted: () => Promise<boolean>): {
  sockets: Fake[];
  pauses: number[];
  states: ConnectionState[];
  problems: string[];
  messages: ServerMessage[];
  replaced: string[];
  connection: Connection;
  retry(): void;
} {
  const sockets: Fake[] = [];
  const pauses: number[] = [];
  const states: ConnectionState[] = [];
  const problems: string[] = [];
  const messages: ServerMessage[] = [];
  const replaced: string[] = [];
  let next = (): void => {};
  const made: SocketWorld = {
    open: () => {
      const fake = { readyState: 0, sent: [] as string[], send: (text: string) => fake.sent.push(text) };
      sockets.push(fake as unknown as Fake);
      return fake as unknown as WebSocket;
    },
    probe: accepted,
    after: (milliseconds, action) => {
      pauses.push(milliseconds);
      next = action;
    },
  };
  const connection = new Connection(made, {
    message: (message) => messages.push(message),
    state: (state) => states.push(state),
    problem: (text) => problems.push(text),
    replaced: (by) => replaced.push(by),
  });
  return { sockets, pauses, states, problems, messages, replaced, connection, retry: () => next() };
}

const turn = (): Promise<void> => new Promise((done) => setImmediate(done));
const opened = (socket: Fake): void => {
  socket.readyState = 1;
  socket.onopen();
};
const closed = async (socket: Fake): Promise<void> => {
  socket.readyState = 3;
  socket.onclose();
  await turn();
};

test("a lost connection is opened again with growing pauses, that start anew once it was open", async () => {
  const { connection, sockets, states, pauses, retry } = world(() => Promise.reject(new TypeError("nobody there")));
  connection.start();
  opened(sockets[0]);
  await closed(sockets[0]);
  retry();
  await closed(sockets[1]);
  retry();
  await closed(sockets[2]);
  assert.deepEqual(pauses, [pauseBefore(0), pauseBefore(1), pauseBefore(2)]);
  assert.ok(pauses[0] < pauses[1] && pauses[1] < pauses[2]);
  retry();
  opened(sockets[3]);
  await closed(sockets[3]);
  assert.equal(pauses[3], pauseBefore(0));
  assert.deepEqual(states, ["connecting", "open", "lost", "lost", "lost", "open", "lost"]);
});

test("pauses end growing", () => {
  assert.equal(pauseBefore(30), pauseBefore(31));
});

test("a server that refuses the cookie is not asked again", async () => {
  const { connection, sockets, states, pauses } = world(() => Promise.resolve(false));
  connection.start();
  await closed(sockets[0]);
  assert.deepEqual(states, ["connecting", "lost", "ended"]);
  assert.deepEqual(pauses, []);
});

test("without a connection sending says that nothing was sent", () => {
  const { connection, sockets } = world(() => Promise.resolve(true));
  assert.equal(connection.send({ type: "undo", request: "r" }), false);
  connection.start();
  assert.equal(connection.send({ type: "undo", request: "r" }), false);
  opened(sockets[0]);
  assert.equal(connection.send({ type: "undo", request: "r" }), true);
  assert.deepEqual(sockets[0].sent, ['{"type":"undo","request":"r"}']);
});

test("frames become messages; one that is not understood is said and does no harm", () => {
  const { connection, sockets, messages, problems } = world(() => Promise.resolve(true));
  connection.start();
  opened(sockets[0]);
  sockets[0].onmessage({ data: "not json" });
  sockets[0].onmessage({ data: '{"type": "surprise"}' });
  sockets[0].onmessage({ data: textOf("to_page", "status") });
  assert.deepEqual(
    messages.map((message) => message.type),
    ["status"],
  );
  assert.equal(problems.length, 2);
});

test("requests are UUIDs, also where the browser has no randomUUID", () => {
  const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
  const plain = { getRandomValues: (bytes: Uint8Array) => crypto.getRandomValues(bytes) } as unknown as Crypto;
  assert.match(newRequest(), uuid);
  assert.match(newRequest(plain), uuid);
  assert.notEqual(newRequest(plain), newRequest(plain));
});

test("a page whose browser has signed in as another annotator stops, and hands nothing of that one on", async () => {
  const { sockets, states, messages, replaced, connection, retry } = world(() => Promise.resolve(true));
  const hello = JSON.parse(textOf("to_page", "hello")) as { annotator: string };
  connection.start();
  opened(sockets[0]);
  sockets[0].onmessage({ data: JSON.stringify(hello) });
  await closed(sockets[0]);
  retry();
  opened(sockets[1]);
  Object.assign(sockets[1], { close: () => void closed(sockets[1]) });
  sockets[1].onmessage({ data: JSON.stringify({ ...hello, annotator: "somebody else" }) });
  await turn();
  assert.deepEqual(replaced, ["somebody else"]);
  assert.equal(states.at(-1), "replaced");
  assert.equal(messages.length, 1);
  assert.equal(connection.send({ type: "undo", request: "r" }), false);
  connection.giveUp("again");
  assert.equal(replaced.length, 1);
});
