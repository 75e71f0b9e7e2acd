// The wire messages that both sides are tested with; npm runs the tests in static/.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseMessage, type ServerMessage } from "../src/protocol_messages";

const WIRE = join(process.cwd(), "..", "tests", "wire");

export function namesIn(direction: "to_page" | "to_server"): string[] {
  return readdirSync(join(WIRE, direction)).map((file) => file.replace(/\.json$/, ""));
}

export function textOf(direction: "to_page" | "to_server", name: string): string {
  return readFileSync(join(WIRE, direction, `${name}.json`), "utf8");
}

export function golden<T extends ServerMessage["type"]>(type: T): Extract<ServerMessage, { type: T }> {
  return parseMessage(textOf("to_page", type)) as Extract<ServerMessage, { type: T }>;
}
