import { Alert, List, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { isPassing, problemOf } from '../api/problem.js';

/** What went wrong, in the api's own words. */
export function ProblemAlert({ error, children }: { readonly error: unknown; readonly children?: ReactNode }) {
  const { title, detail, errors = [], status } = problemOf(error);
  return (
    <Alert color={status === 503 || status === 0 ? 'orange' : 'red'} title={title} role="alert">
      {detail !== undefined && <Text size="sm">{detail}</Text>}
      {errors.length > 0 && (
        <List size="sm">
          {errors.map(({ path, message }) => (
            <List.Item key={path + message}>
              {path === '' ? '' : `${path}: `}
              {message}
            </List.Item>
          ))}
        </List>
      )}
      {children}
    </Alert>
  );
}

/** Why something is not shown, or not as it is now. What may pass is asked again, and says so. */
export function ReadProblem({ error, children }: { readonly error: unknown; readonly children?: ReactNode }) {
  return (
    <ProblemAlert error={error}>
      {isPassing(error) && <Text size="sm">{children} It is asked for again every few seconds.</Text>}
    </ProblemAlert>
  );
}
