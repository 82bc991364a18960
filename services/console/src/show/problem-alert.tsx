import { Alert, List, Text } from '@mantine/core';
import { problemOf } from '../api/problem.js';

/** What went wrong, in the api's own words. */
export function ProblemAlert({ error }: { readonly error: unknown }) {
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
    </Alert>
  );
}
