import { ApiError } from '../../api/errors.ts'

/** The answer to a path behind which there is nothing. */
export function nothingHere(): ApiError {
  return new ApiError('NotFound', 'the server could not find the requested resource', {})
}
