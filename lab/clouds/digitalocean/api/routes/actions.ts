import type { FastifyInstance } from "fastify";

import { renderAction } from "../actions";
import { type ApiContext, listPage, param } from "../context";

export function actionRoutes(app: FastifyInstance, { state, actions }: ApiContext): void {
  app.get("/v2/actions", (request) => listPage(request, "actions", [...state.actions].reverse(), renderAction));

  app.get("/v2/actions/:id", (request) => ({ action: renderAction(actions.get(Number(param(request, "id")))) }));
}
