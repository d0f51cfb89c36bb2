import { newUuid, timestamp, urn } from "./ids";
import type { Project, State } from "./model";

/** A resource that is in a project. */
export interface Assignable {
  readonly urn: string;
  /** Its path below the API's address. */
  readonly path: string;
  /** When it was assigned to the project that it was made in, which is the default one. */
  readonly createdAt: string;
}

/** An account has one project from the start. */
export function ensureDefaultProject(state: State): void {
  if (state.projects.some((project) => project.isDefault)) return;
  const at = timestamp();
  state.projects.push({
    id: newUuid(),
    name: "first-project",
    description: "Update your project information under Settings",
    purpose: "Just trying out DigitalOcean",
    environment: "Development",
    isDefault: true,
    createdAt: at,
    updatedAt: at,
    assigned: {},
  });
}

/** All that can be in a project. */
export function assignable(state: State): Assignable[] {
  return [
    ...state.droplets
      .filter(({ destroying }) => !destroying)
      .map(({ id, createdAt }) => ({ urn: urn("droplet", id), path: `/v2/droplets/${id}`, createdAt })),
    ...state.volumes.map(({ id, createdAt }) => ({ urn: urn("volume", id), path: `/v2/volumes/${id}`, createdAt })),
  ];
}

/** What is in a project: in the default one, what is in no other. */
export function resourcesIn(state: State, project: Project): Assignable[] {
  const others = state.projects.filter((one) => one !== project);
  return assignable(state).filter((one) =>
    project.isDefault ? !others.some(({ assigned }) => one.urn in assigned) : one.urn in project.assigned,
  );
}

/** Takes a resource out of the project that it is in, and puts it into this one. */
export function assign(state: State, project: Project, resource: Assignable): void {
  for (const one of state.projects) {
    one.assigned = Object.fromEntries(Object.entries(one.assigned).filter(([name]) => name !== resource.urn));
  }
  project.assigned[resource.urn] = timestamp();
}
