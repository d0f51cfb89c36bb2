import type { FastifyInstance } from "fastify";

import { renderAction } from "../actions";
import { type ApiContext, param } from "../context";

export function actionRoutes(app: FastifyInstance, { actions }: ApiContext): void {
  app.get("/v2/actions/:id", (request) => ({ action: renderAction(actions.get(Number(param(request, "id")))) }));
}
