import { Component, type ComponentChildren } from 'preact';
import { Button, EmptyNote, PageHeader } from './components/index.js';

interface ErrorBoundaryProps {
  /** What is shown, such as an address: with another one it is tried anew. */
  readonly of: string;
  readonly children: ComponentChildren;
}

interface ErrorBoundaryState {
  readonly broken: { readonly error: unknown } | null;
}

/** What cannot be drawn says so in its place, and what stands around it goes on. */
export class ErrorBoundary extends Component<ErrorBoundaryProps, ErrorBoundaryState> {
  override state: ErrorBoundaryState = { broken: null };

  static override getDerivedStateFromError(error: unknown): ErrorBoundaryState {
    return { broken: { error } };
  }

  override componentDidCatch(error: unknown): void {
    // For those who look for the fault.
    console.error(error);
  }

  override componentDidUpdate({ of }: ErrorBoundaryProps): void {
    if (of !== this.props.of && this.state.broken !== null) this.setState({ broken: null });
  }

  override render() {
    const { broken } = this.state;
    if (broken === null) return this.props.children;
    return (
      <div role="alert">
        <PageHeader title="This view is broken" />
        <EmptyNote title="The page has met what it cannot show.">
          <p>{wordsOf(broken.error)}</p>
          <Button onClick={() => location.reload()}>Load again</Button>
        </EmptyNote>
      </div>
    );
  }
}

const wordsOf = (error: unknown): string =>
  error instanceof Error ? `${error.name}: ${error.message}` : String(error);
