# perl keep-tail.pl SECONDS GRACE COMMAND...: runs the leader of a session with its output in a pipe, prints the last
# of it when the leader has ended, and ends with its exit status. Output is cut, never the command. After SECONDS the
# session is asked to end, after GRACE more it is killed. What a command that ended in time leaves behind lives on and
# may go on writing: that is read and dropped for as long as anybody can write it. Core Perl without modules: each
# costs time in every guest.
use strict;

delete $ENV{PERL_BADLANG}; # of the runner, for this program alone
my ($seconds, $grace, @command) = @ARGV;
my $most = 4096;
my $pipe_bytes = 65536;

pipe(my $output, my $input) or die "no pipe: $!\n";
my ($ended, $late) = (0, 0);
$SIG{CHLD} = sub { $ended = 1 };
my $child = fork;
defined $child or die "no process: $!\n";
if ($child == 0) {
    # A shell ignores two of them for what it starts in the background.
    $SIG{$_} = 'DEFAULT' for qw(CHLD INT QUIT);
    open(STDOUT, '>&', $input) && open(STDERR, '>&', $input) or exit 126;
    close $_ for $input, $output;
    exec { $command[0] } @command;
    print "$command[0]: $!\n";
    exit 127;
}
close $input;
$SIG{ALRM} = sub {
    kill $late ? 'KILL' : 'TERM', -$child;
    $late = 1;
    alarm $grace;
};
alarm $seconds;

my $tail = '';
my $open = 1;

sub readable {
    vec(my $set = '', fileno $output, 1) = 1;
    return select($set, undef, undef, shift) > 0;
}

# How many bytes were read; at the end of the output none.
sub keep {
    my $count = sysread $output, my $bytes, $pipe_bytes;
    return 0 unless defined $count;
    $open = 0 unless $count;
    $tail = substr $tail . $bytes, -$most if $count;
    return $count;
}

while ($open && !$ended) { keep() if readable(0.25) }
waitpid $child, 0;
my $status = $? & 127 ? 128 + ($? & 127) : $? >> 8;
alarm 0;
kill 'KILL', -$child if $late;

# What it wrote before it ended is in the pipe by now; more than a pipe holds is not.
for (my $left = $pipe_bytes; $open && $left > 0 && readable(0);) { $left -= keep() }
print $tail;
exit $status unless $open && (fork // 1) == 0;

close $_ for *STDOUT, *STDERR;
1 while sysread $output, my $dropped, $pipe_bytes;
