// Makes accounts with a verified TOTP secret each. Standard input: [{email, password, secret}], the secret as text.
import { symmetricEncrypt } from "better-auth/crypto";
import { getMigrations } from "better-auth/db/migration";
import { readFileSync } from "node:fs";
import { auth, options } from "./auth.mjs";

const people = JSON.parse(readFileSync(0, "utf8"));
await (await getMigrations(options)).runMigrations();
const context = await auth.$context;
const encrypt = (data) => symmetricEncrypt({ key: context.secretConfig, data });

options.database.pragma("synchronous = OFF");
for (const { email, password, secret } of people) {
  const user = await context.internalAdapter.createUser({ email, name: email, emailVerified: true, twoFactorEnabled: true });
  const hash = await context.password.hash(password);
  await context.internalAdapter.linkAccount({ userId: user.id, providerId: "credential", accountId: user.id, password: hash });
  await context.adapter.create({
    model: "twoFactor",
    data: { userId: user.id, secret: await encrypt(secret), backupCodes: await encrypt("[]"), verified: true },
  });
}
