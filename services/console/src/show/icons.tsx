import type { ReactNode } from 'react';

const icon = (drawing: ReactNode) =>
  function Icon() {
    return (
      <svg width="16" height="16" viewBox="0 0 16 16" fill="currentColor" aria-hidden="true">
        {drawing}
      </svg>
    );
  };

export const FirstIcon = icon(<path d="M3 3h2v10H3zM13 3v10L6 8z" />);
export const PreviousIcon = icon(<path d="M11.5 3v10L4.5 8z" />);
export const NextIcon = icon(<path d="M4.5 3v10l7-5z" />);
export const LastIcon = icon(<path d="M11 3h2v10h-2zM3 3v10l7-5z" />);
export const HalfCircleIcon = icon(<path d="M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1zm0 1.5v11a5.5 5.5 0 0 1 0-11z" />);
export const LockIcon = icon(<path d="M5 7V5a3 3 0 0 1 6 0v2h1v7H4V7zm1.5 0h3V5a1.5 1.5 0 0 0-3 0z" />);
