// One process that serves better-auth's own routes, and /hello.
import { toNodeHandler } from "better-auth/node";
import http from "node:http";
import { auth, port } from "./auth.mjs";

const answer = toNodeHandler(auth);
http
  .createServer((request, response) => (request.url === "/hello" ? response.end("hello") : answer(request, response)))
  .listen(port, "127.0.0.1");
