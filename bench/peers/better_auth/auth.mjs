// better-auth as its documentation sets it up, on an SQLite file with the same settings as XpressBot's.
// Its own rate limit is off, which only spares it work. The password hash is a bare SHA-256: the password step is
// preparation here.
import { betterAuth } from "better-auth";
import { twoFactor } from "better-auth/plugins";
import Database from "better-sqlite3";
import { createHash } from "node:crypto";

const database = new Database("people.sqlite3");
database.pragma("journal_mode = WAL");
database.pragma("synchronous = FULL");
database.pragma("busy_timeout = 15000");

const digest = (password) => createHash("sha256").update(password).digest("hex");

export const port = Number(process.env.PORT ?? 0);
export const options = {
  database,
  secret: "measured on a machine that keeps no secrets",
  baseURL: `http://127.0.0.1:${port}`,
  rateLimit: { enabled: false },
  telemetry: { enabled: false },
  logger: { disabled: true },
  emailAndPassword: {
    enabled: true,
    password: { hash: async (password) => digest(password), verify: async ({ hash, password }) => hash === digest(password) },
  },
  plugins: [twoFactor({ issuer: "bench" })],
};
export const auth = betterAuth(options);
