import { timestamp } from "./ids";
import type { Project, State } from "./model";

export type UrnType = "droplet" | "volume" | "reservedip" | "domain" | "vpc";

export function urn(type: UrnType, id: string | number): string {
  return `do:${type}:${id}`;
}

export function defaultProject(state: State): Project {
  const project = state.projects.find((one) => one.default);
  if (!project) throw new Error("the account has no default project");
  return project;
}

/** New resources belong to the default project until somebody moves them. */
export function assignToProject(state: State, resource: string, project = defaultProject(state)): void {
  unassignFromProject(state, resource);
  state.assignments.push({ urn: resource, projectId: project.id, assignedAt: timestamp() });
}

export function unassignFromProject(state: State, resource: string): void {
  state.assignments = state.assignments.filter((one) => one.urn !== resource);
}
