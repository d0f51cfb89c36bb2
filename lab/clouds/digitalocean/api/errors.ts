/** An error answer in DigitalOcean's form: `{"id", "message", "request_id"}`. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    /** DigitalOcean's short name of the error, for example "not_found". */
    readonly id: string,
    message: string,
  ) {
    super(message);
    this.name = "ApiError";
  }
}

export function badRequest(message: string): ApiError {
  return new ApiError(400, "bad_request", message);
}

export function unauthorized(): ApiError {
  return new ApiError(401, "Unauthorized", "Unable to authenticate you");
}

export function forbidden(message: string): ApiError {
  return new ApiError(403, "forbidden", message);
}

export function notFound(message = "The resource you were accessing could not be found."): ApiError {
  return new ApiError(404, "not_found", message);
}

export function conflict(message: string): ApiError {
  return new ApiError(409, "conflict", message);
}

export function unprocessable(message: string): ApiError {
  return new ApiError(422, "unprocessable_entity", message);
}

/** A 422 that says which field is wrong, what was given and what was expected. */
export function invalid(field: string, given: unknown, expected: string): ApiError {
  return unprocessable(`${field}: given ${excerpt(given)}, expected ${expected}`);
}

function excerpt(value: unknown): string {
  if (value === undefined) return "nothing";
  const text = JSON.stringify(value);
  return text.length > 120 ? `${text.slice(0, 117)}...` : text;
}
